"""Images without a Docker engine: layers, configurations and a layout, as the OCI image specification (1.1) has
them, and the bundle that runc starts. What an image says of itself is read from docker/Dockerfile. No command."""

import gzip
import hashlib
import io
import json
import re
import shutil
import tarfile
from pathlib import Path

MEDIA = "application/vnd.oci.image."
# Cores of the capability names that Docker gives to root; a process of another user has none of them.
CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"]


def instructions(dockerfile, stage):
    """The instructions of one stage, with its build arguments' own values put in."""
    text = re.sub(r"\\\n\s*", "", Path(dockerfile).read_text())
    text = text.split(f" AS {stage}\n", 1)[1].split("\nFROM ", 1)[0]
    rows = [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]
    arguments = dict(row[1].split("=", 1) for row in rows if row[0] == "ARG" and "=" in row[1])
    for name, rest in rows:
        yield name, re.sub(r"\$\{(\w+)\}", lambda m: arguments.get(m[1], ""), rest)


def pairs(text):
    """`A=b C="d e"` as a dictionary."""
    return {name: value.strip('"') for name, value in re.findall(r'(\S+?)=("[^"]*"|\S+)', text)}


def settings(dockerfile, stage):
    """The `config` part of an image's configuration."""
    config = {"Env": [], "Labels": {}, "WorkingDir": "/"}
    for name, rest in instructions(dockerfile, stage):
        if name == "ENV":
            config["Env"] += [f"{key}={value}" for key, value in pairs(rest).items()]
        elif name == "LABEL":
            config["Labels"] |= pairs(rest)
        elif name == "EXPOSE":
            config.setdefault("ExposedPorts", {})[f"{rest}/tcp"] = {}
        elif name == "VOLUME":
            config.setdefault("Volumes", {})[rest] = {}
        elif name == "STOPSIGNAL":
            config["StopSignal"] = rest
        elif name == "USER":
            config["User"] = rest
        elif name == "HEALTHCHECK":
            options, test = rest.split(" CMD ")
            options = dict(re.findall(r"--([a-z-]+)=(\d+)s", options))
            names = {"interval": "Interval", "timeout": "Timeout", "start-period": "StartPeriod"}
            times = {names[key]: int(value) * 10**9 for key, value in options.items()}
            config["Healthcheck"] = {"Test": ["CMD", *json.loads(test)], **times}
        elif name == "ENTRYPOINT":
            config["Entrypoint"] = json.loads(rest)
    return config


def layer(root):
    """The tar archive of a folder: owned by root, without times, so that equal files are equal bytes."""
    out = io.BytesIO()

    def plain(info):
        info.uid = info.gid = info.mtime = 0
        info.uname = info.gname = ""
        return info

    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(Path(root).rglob("*")):
            archive.add(path, arcname=str(path.relative_to(root)), recursive=False, filter=plain)
    return out.getvalue()


class Layout:
    """A folder that skopeo, buildah, podman and containerd read: `oci:FOLDER:NAME`."""

    def __init__(self, folder):
        self.folder = Path(folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.blobs = self.folder / "blobs" / "sha256"
        self.blobs.mkdir(parents=True)
        self.manifests = []

    def blob(self, kind, data):
        digest = hashlib.sha256(data).hexdigest()
        (self.blobs / digest).write_bytes(data)
        return {"mediaType": MEDIA + kind, "digest": f"sha256:{digest}", "size": len(data)}

    def json(self, kind, value):
        return self.blob(kind, json.dumps(value, separators=(",", ":")).encode())

    def add(self, name, roots, config):
        """An image with a root for each architecture; the compressed size of each, manifest included."""
        sizes, manifests = {}, []
        for architecture, root in roots.items():
            archive = layer(root)
            packed = self.blob("layer.v1.tar+gzip", gzip.compress(archive, 9, mtime=0))
            digest = f"sha256:{hashlib.sha256(archive).hexdigest()}"
            platform = {"architecture": architecture, "os": "linux"}
            rootfs = {"type": "layers", "diff_ids": [digest]}
            about = self.json("config.v1+json", {**platform, "config": config, "rootfs": rootfs})
            manifest = {"schemaVersion": 2, "mediaType": MEDIA + "manifest.v1+json"}
            manifest = self.json("manifest.v1+json", {**manifest, "config": about, "layers": [packed]})
            manifests.append({**manifest, "platform": platform})
            sizes[architecture] = packed["size"] + about["size"] + manifest["size"]
        index = {"schemaVersion": 2, "mediaType": MEDIA + "index.v1+json", "manifests": manifests}
        names = {"org.opencontainers.image.ref.name": name}
        self.manifests.append({**self.json("index.v1+json", index), "annotations": names})
        (self.folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
        whole = {"schemaVersion": 2, "manifests": self.manifests}
        (self.folder / "index.json").write_text(json.dumps(whole))
        return sizes


def bundle(folder, root, config, *, user=None, arguments=None, environment=(), volume=None):
    """A runc bundle with the host's network, a root that cannot be written to, and the image's own
    settings; `user` is UID:GID, `volume` a folder of the host."""
    uid, gid = map(int, (user or config.get("User") or "0:0").split(":"))
    names = [f"CAP_{name}" for name in CAPABILITIES] if uid == 0 else []
    private = ["nosuid", "nodev"]
    mounts = [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": [*private, "mode=1777"]},
    ]
    if volume:
        volume = {"source": str(volume), "options": ["bind", "rw"], "type": "bind"}
        mounts.append({"destination": "/var/lib/localstack", **volume})
    spec = {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": uid, "gid": gid},
            "args": arguments or config["Entrypoint"],
            "env": [*config["Env"], *environment],
            "cwd": "/",
            "capabilities": {kind: names for kind in ("bounding", "effective", "permitted")},
            "noNewPrivileges": True,
        },
        "root": {"path": str(Path(root).resolve()), "readonly": True},
        "mounts": mounts,
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(spec))
    return folder

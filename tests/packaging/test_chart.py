"""The Helm chart, rendered: by helm where it is installed, else by what is here."""

import json
import shutil
import subprocess
from pathlib import Path

import gotemplate
import pytest
import yaml

CHART = Path(__file__).resolve().parents[2] / "docker" / "chart"
VERSION = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]


def merged(base, over):
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    return {**base, **{name: merged(base.get(name), value) for name, value in over.items()}}


def by_helm(values, name):
    command = ["helm", "template", name, CHART, "--namespace", "test", "--values", "-"]
    return subprocess.run(command, input=json.dumps(values), check=True, capture_output=True, text=True).stdout


def by_ourselves(values, name):
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    root = {
        "Values": merged(yaml.safe_load((CHART / "values.yaml").read_text()), values),
        "Release": {"Name": name, "Namespace": "test", "Service": "Helm"},
        "Chart": {"AppVersion": chart["appVersion"], "Name": chart["name"]},
    }
    templates = gotemplate.defined((CHART / "templates" / "_names.tpl").read_text())
    files = sorted((CHART / "templates").glob("*.yaml"))
    return "\n---\n".join(gotemplate.render(file.read_text(), root, templates) for file in files)


@pytest.fixture(params=[by_ourselves, by_helm] if shutil.which("helm") else [by_ourselves])
def render(request):
    """render(values, name=): the objects, by kind."""

    def run(values, name="test"):
        objects = [item for item in yaml.safe_load_all(request.param(values, name)) if item]
        return {item["kind"]: item for item in objects}

    return run


def container(objects):
    return objects["Deployment"]["spec"]["template"]["spec"]["containers"][0]


def environment(objects):
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container(objects)["env"]}


def test_what_is_there_without_values(render):
    objects = render({})
    assert objects.keys() == {"Deployment", "Service"}
    assert container(objects)["image"] == f"cumulet/cumulet:{VERSION}"
    assert environment(objects) == {"GATEWAY_LISTEN": "0.0.0.0:4566"}
    assert container(objects)["securityContext"]["readOnlyRootFilesystem"] is True
    service, pod = objects["Service"]["spec"], objects["Deployment"]["spec"]["template"]
    assert service["selector"] == pod["metadata"]["labels"] == objects["Deployment"]["spec"]["selector"]["matchLabels"]
    assert service["ports"] == [{"name": "aws", "port": 4566, "targetPort": "aws"}]
    assert {volume["name"] for volume in pod["spec"]["volumes"]} == {"volume", "tmp"}


def test_image_services_and_environment(render):
    secret = {"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    objects = render(
        {
            "image": {"repository": "own/s3", "tag": "1"},
            "services": ["s3", "sqs"],
            "publicHost": "aws.test:80",
            "env": {"DEBUG": 1, "LS_LOG": "warn"},
            "extraEnv": [secret],
        }
    )
    assert container(objects)["image"] == "own/s3:1"
    env = environment(objects)
    assert (env["SERVICES"], env["DEBUG"], env["LS_LOG"]) == ("s3,sqs", "1", "warn")
    assert (env["LOCALSTACK_HOST"], env["SECRET"]) == ("aws.test:80", secret["valueFrom"])


def volumes(objects):
    return {volume["name"]: volume for volume in objects["Deployment"]["spec"]["template"]["spec"]["volumes"]}


def test_persistence(render):
    objects = render({"persistence": {"enabled": True, "size": "1Gi", "storageClass": "fast"}}, name="cumulet")
    claim = objects["PersistentVolumeClaim"]
    assert (claim["metadata"]["name"], claim["spec"]["storageClassName"]) == ("cumulet", "fast")
    assert claim["spec"]["resources"]["requests"]["storage"] == "1Gi"
    assert volumes(objects)["volume"]["persistentVolumeClaim"] == {"claimName": "cumulet"}
    objects = render({"persistence": {"enabled": True, "existingClaim": "mine"}})
    assert "PersistentVolumeClaim" not in objects
    assert volumes(objects)["volume"]["persistentVolumeClaim"] == {"claimName": "mine"}


def test_init_scripts_and_places(render):
    script = "#!/bin/sh\nawslocal s3 mb s3://b\n"
    objects = render({"initScripts": {"a.sh": script}, "nodeSelector": {"a": "b"}, "podAnnotations": {"c": "d"}})
    assert objects["ConfigMap"]["data"] == {"a.sh": script}
    assert volumes(objects)["init"]["configMap"]["name"] == objects["ConfigMap"]["metadata"]["name"]
    template = objects["Deployment"]["spec"]["template"]
    assert template["spec"]["nodeSelector"] == {"a": "b"} and template["metadata"]["annotations"] == {"c": "d"}


def test_the_chart_has_the_programs_version():
    manifest = (CHART.parents[1] / "Cargo.toml").read_text()
    assert f'version = "{VERSION}"' in manifest


def test_helm_has_nothing_to_object():
    if not shutil.which("helm"):
        pytest.skip("helm is not installed")
    subprocess.run(["helm", "lint", "--strict", CHART], check=True)

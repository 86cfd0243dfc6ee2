#!/bin/sh
# root.sh DIR PROGRAM [TOOLS]: lays out an image's files. With TOOLS, a root with Debian's packages
# bash-static and busybox-static, it is the image cumulet-compat.
set -eu
root=$1 program=$2 tools=${3-}
umask 022
here=$(dirname "$0")

mkdir -p "$root/tmp" "$root/var/lib/localstack"
# Any user may have the process: whoever it is writes here, if anywhere.
chmod 1777 "$root/tmp" "$root/var/lib/localstack"
for stage in boot start ready shutdown; do
    # A file is copied into a container only where its folder is.
    mkdir -p "$root/etc/localstack/init/$stage.d"
done
cp "$program" "$root/cumulet"
chmod 755 "$root/cumulet"
[ -n "$tools" ] || exit 0

mkdir -p "$root/bin" "$root/usr/bin" "$root/usr/local/bin" "$root/root"
cp "$tools/bin/busybox" "$root/bin/busybox"
cp "$tools/bin/bash-static" "$root/bin/bash"
for tool in sh [ awk base64 basename cat chmod chown cp cut date dd df dirname du echo env expr false \
    find grep gunzip gzip head hostname id kill ln ls mkdir mktemp mv nc nslookup od printf ps pwd \
    readlink realpath rm rmdir sed seq sha256sum sleep sort stat tail tar tee test timeout touch tr \
    true uname uniq unzip vi wc wget which xargs yes; do
    ln -s busybox "$root/bin/$tool"
done
ln -s ../../bin/env "$root/usr/bin/env"
ln -s ../../bin/bash "$root/usr/bin/bash"
ln -s ../../../cumulet "$root/usr/local/bin/cumulet"
for script in docker-entrypoint.sh awslocal curl; do
    cp "$here/compat/$script" "$root/usr/local/bin/$script"
    chmod 755 "$root/usr/local/bin/$script"
done
printf 'root:x:0:0:root:/root:/bin/sh\nlocalstack:x:1000:1000::/tmp:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nlocalstack:x:1000:\n' >"$root/etc/group"
for package in bash-static busybox-static; do
    mkdir -p "$root/usr/share/doc/$package"
    cp "$tools/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/"
done

#!/bin/sh
# Stands in for fpm, which is not to be had everywhere: keeps what electron-builder would have packed into the deb, in $FPM_KEEP.
printf '%s\n' "$@" > "$FPM_KEEP/arguments"
package=
while [ $# -gt 0 ]; do
    case $1 in
    --after-install) cp "$2" "$FPM_KEEP/after-install" ;;
    --after-remove) cp "$2" "$FPM_KEEP/after-remove" ;;
    --before-remove=*) cp "${1#*=}" "$FPM_KEEP/before-remove" ;;
    --package) package=$2 ;;
    *.desktop=*) cp "${1%%=*}" "$FPM_KEEP/desktop" ;;
    esac
    shift
done
echo stand-in > "$package"

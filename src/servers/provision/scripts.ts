import { UP_LOG } from "./up-service.ts";

// What is done on a server in several commands that belong together. Words come as arguments, never as text.

/** A file from what is read: whole under its name, or not at all. Takes its path, and the SHA-256 that it must have. */
export const PUT = `
set -e
umask 022
mkdir -p "$(dirname "$1")"
new=$1.$$
trap 'rm -f "$new"' EXIT
cat >"$new"
[ "$(sha256sum <"$new" | cut -c1-64)" = "$2" ] || { echo "$1 came damaged"; exit 1; }
sync "$new"
mv "$new" "$1"
`;

/** Node.js from npm's archive of it. Takes its path and version. */
export const PUT_NODE = `
set -e
umask 022
mkdir -p "$(dirname "$1")"
new=$1.$$
trap 'rm -f "$new"' EXIT
tar -xzO -f - package/bin/node >"$new"
chmod 0755 "$new"
[ "$("$new" -v)" = "v$2" ] || { echo "this machine doesn't run Node.js $2"; exit 1; }
sync "$new"
mv "$new" "$1"
`;

export const START = `
if [ -d /run/systemd/system ]; then systemctl enable --now "$1"; else service "$1" start; fi
`;

/** One that somebody else keeps goes on, and is named by who minds it. */
export const STOP_UP = `
if [ -d /run/systemd/system ]; then systemctl stop greenroom; else supervisorctl stop greenroom; fi
exit 0
`;

/** After a setup that was refused: it goes on as before. */
export const RESUME_UP = `
if [ -d /run/systemd/system ]; then systemctl start greenroom; else supervisorctl start greenroom; fi
`;

/** Resolves when it serves the root that it takes; what it said where it doesn't. */
export const START_UP = `
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload && systemctl enable -q greenroom && systemctl restart greenroom || exit 1
else
  supervisorctl reread && supervisorctl update greenroom || exit 1
  supervisorctl restart greenroom
fi
for second in $(seq 30); do
  sleep 1
  pid=$(grep -o '"pid": *[0-9]*' "$1/up.json" 2>/dev/null | grep -o '[0-9]*$')
  [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && exit 0
done
echo "greenroom up doesn't come up; this is what it said last:"
journalctl -q -u greenroom -n 12 -o cat 2>/dev/null || tail -n 12 ${UP_LOG}
exit 1
`;

/** A line of the user's. Takes it, the root, and what greenroom.json calls the server. */
export const RUN = `
cd /
export GREENROOM_ROOT="$2" GREENROOM_SERVER="$3"
exec sh -c "$1"
`;

/** It needn't be run again. */
export const MARK = `
umask 077
mkdir -p "$(dirname "$1")" && date -u +%FT%TZ >"$1" && sync "$1"
`;

# Runs a machine's nginx where the machine's own files are hidden, and `greenroom up` beside it, for logs-machine.test.ts.
# unshare --mount sh machines-nginx.sh GREENROOM PROJECT ROOT PORT
set -e
for folder in /run /etc/nginx/conf.d /etc/nginx/sites-enabled /var/log/nginx /var/lib/nginx; do
  mount -t tmpfs -o mode=755 tmpfs "$folder"
done
greenroom="node $1"
places="--project $2 --root $3"
log="$3/sites/shop/production/log"
nginx
trap 'kill -TERM $(cat /run/nginx.pid) $up 2>/dev/null' EXIT
$greenroom setup --yes --router nginx --listen "127.0.0.1:$4" $places >&2
sed -i 's/"bytes": [0-9]*/"bytes": 20000/; s/"kept": [0-9]*/"kept": 1000/' "$3/machine.json"
$greenroom deploy production $places >&2
$greenroom up --root "$3" >&2 &
up=$!
mkfifo "$3/seen"
node test/e2e/load-client.mjs "$4" shop.localhost GET > "$3/seen" &
load=$!
exec 3< "$3/seen"
read -r asking <&3
until test -e "$log/access.log.3"; do sleep 0.1; done
kill "$load"
read -r seen <&3
kill "$up"
wait "$up" || true
kill -QUIT "$(cat /run/nginx.pid)"
while test -e /run/nginx.pid; do sleep 0.1; done
trap - EXIT
echo "$seen"
cat "$log"/access.log* | wc -l
stat -c %a "$log"/access.log* | sort -u

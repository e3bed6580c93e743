/**
 * Looks, and changes nothing. Takes the root, three lists with an item a line (packages to ask about, packages that
 * are wanted, files), and the file that an account has its rights by.
 */
export const FACTS = `
echo
root=$1 version= old=
IFS='
'
say() { printf '%s\\t%s' "$1" "$2"; shift 2; [ $# = 0 ] || printf '\\t%s' "$@"; echo; }
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
( . /etc/os-release && say like "$ID $ID_LIKE" && say system "$PRETTY_NAME" ) 2>/dev/null
command -v dpkg >/dev/null || exit 0
say architecture "$(dpkg --print-architecture)"
[ ! -d /run/systemd/system ] || say systemd yes
[ ! -s /proc/net/if_inet6 ] || say ipv6 yes
[ -z "$(dpkg --audit; ls /var/lib/dpkg/updates)" ] || say unfinished yes

for package in $2; do
  [ "$(dpkg-query -W -f '\${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || continue
  say installed "$package"
done
missing=
[ -d /run/systemd/system ] || set -- "$1" "$2" "$3
supervisor" "$4" "$5"
for package in $3; do
  [ "$(dpkg-query -W -f '\${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing
$package"
done

for node in "$root/bin/node" node /usr/local/bin/node /usr/bin/node; do
  node=$(command -v "$node" 2>/dev/null) || continue
  version=$("$node" -v)
  say node "$node" "$version"
  break
done
command -v node >/dev/null && say named yes
case $version in v[0-9].* | v1[0-9].* | v20.[0-9].* | v20.1[0-8].* | "") old=yes ;; esac
# apt is slow to ask, and what it finds out it would write down: this is a look.
if [ -n "$missing$old" ]; then
  cache=$(mktemp -d) || exit 1
  trap 'rm -rf "$cache"' EXIT
  quietly() { "$@" -o "Dir::Cache::pkgcache=$cache/p" -o "Dir::Cache::srcpkgcache=$cache/s" -o Dir::Log::Planner=; }
  along() {
    quietly apt-get -s -q --no-install-recommends --no-remove install $missing $2 2>/dev/null |
      sed -n "s/^Inst \\([^ ]*\\) .*/$1\\t\\1/p"
  }
  along along
  [ -z "$old" ] || along with-node nodejs
  say nodejs "$(dpkg-query -W -f '\${Version}' nodejs 2>/dev/null)"
  say candidate "$(quietly apt-cache policy nodejs 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -v none)"
fi

getent passwd www-data >/dev/null && say web yes
[ -z "$5" ] || [ ! -e "$5" ] || say ready yes
[ ! -d "$root" ] || say owner "$(stat -c %U "$root")"
for file in $4; do
  [ ! -f "$file" ] || say file "$file" "$(sha256sum <"$file" | cut -c1-64)"
done

runs() {
  if [ -d /run/systemd/system ]; then systemctl is-active -q "$1"; else service "$1" status; fi >/dev/null 2>&1
}
php=$(ls /etc/init.d 2>/dev/null | grep '^php[0-9.]*-fpm$' | sort -V | tail -n 1)
for daemon in nginx supervisor $php; do
  [ -e "/etc/init.d/$daemon" ] || [ -e "/lib/systemd/system/$daemon.service" ] || continue
  if runs "$daemon"; then say daemon "$daemon" runs; else say daemon "$daemon" rests; fi
done

[ ! -f "$root/machine.json" ] || say machine "$(tr -d '\\n' <"$root/machine.json")"
pid=$(grep -o '"pid": *[0-9]*' "$root/up.json" 2>/dev/null | grep -o '[0-9]*$')
[ -z "$pid" ] || ! kill -0 "$pid" 2>/dev/null || say up "$pid"
if [ -d /run/systemd/system ]; then systemctl is-enabled -q greenroom 2>/dev/null && say starts yes
elif [ -e /etc/supervisor/conf.d/greenroom.conf ]; then say starts yes; fi

if command -v ufw >/dev/null; then
  case $(ufw status) in *"Status: active"*) say firewall on ;; *) say firewall off ;; esac
  ufw show added | sed -n 's/^ufw /rule\\t/p'
fi
exit 0
`;

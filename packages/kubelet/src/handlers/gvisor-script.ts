/**
 * What containerd's runc shim calls instead of runc, so that Debian's runsc works with it: that shim knows nothing of
 * gVisor, and runsc is made for a shim of its own (containerd-shim-runsc), which Debian does not have. The differences:
 *
 * - The shim learns of a container's end by the end of its process, but all containers of a pod are within one process
 *   of gVisor's. So each has a monitor, a process that the shim takes for it and that ends as the container does.
 * - runsc takes a container's input and output from `start`, runc from `create`: the monitor keeps them in between.
 * - The kernel shows /proc/sys/net/core/rmem_default in every network namespace since 6.16 or so, by which runsc of
 *   2022 tells that it is in the machine's and gives up: it does not get to see it.
 * - runsc says in words of its own that a container does not run any more, and cannot kill one that was not started.
 * - runsc of 2022 cannot set cgroups up here (`--ignore-cgroups`): the script joins those that the pod was given, so
 *   limits of the pod hold for all of it.
 *
 * A shell, since it is started for each step of each container. `runsc`: its path; `platform`: as runsc's flag.
 */
export function gvisorScript(runsc: string, platform: string): string {
  return `${HEAD}
program=${quote(runsc)}
flags='--platform=${platform} --ignore-cgroups'
${BODY}`;
}

/** For the shell. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const HEAD = `#!/bin/sh
# Called by containerd's runc shim in place of runc; runs gVisor's runsc. See gvisor-script.ts.
set -u`;

const BODY = String.raw`
command= root= folder= pidfile= terminal= last=
for word; do
  case $last in
  --root) root=$word ;;
  --log) folder=$(dirname "$word") ;;
  --pid-file) pidfile=$word ;;
  --console-socket) terminal=$word ;;
  esac
  if [ ! "$command" ]; then
    case $word in
    create | start | kill | delete | exec | state | ps | events | pause | resume | update) command=$word ;;
    esac
  fi
  last=$word
done
config=$folder/config.json
id=$(basename "$folder")
# what is written to it tells the monitor what became of its container
gate=$folder/gate

# on the machine's own network there is none to be found
if [ -e "$config" ] && ! grep -q '"type":"network"' "$config"; then flags="$flags --network=host"; fi

cgroup=$(sed -n 's/.*"cgroupsPath":"\(\/[^"]*\)".*/\1/p' "$config" 2>/dev/null)
join() {
  [ "$cgroup" ] || return
  trees='/sys/fs/cgroup/*'
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    # version 2, one tree: the pod's cgroup hands on what is to be measured
    trees=/sys/fs/cgroup
    mkdir -p "/sys/fs/cgroup${'$'}{cgroup%/*}"
    for controller in cpu memory pids; do
      echo "+$controller" >"/sys/fs/cgroup${'$'}{cgroup%/*}/cgroup.subtree_control"
    done
  fi 2>/dev/null
  for top in $trees; do
    [ -e "$top/cgroup.procs" ] || continue
    mkdir -p "$top$cgroup" && echo $$ >"$top$cgroup/cgroup.procs"
  done 2>/dev/null
}

monitor() {
  read -r word <&4
  exec </dev/null >/dev/null 2>&1 4<&-
  [ "$word" = start ] || exit 137
  status=$("$program" $flags --root "$root" wait "$id" | sed -n 's/.*"exitStatus":\([0-9]*\).*/\1/p')
  exit "${'$'}{status:-137}"
}

create_in_sandbox() {
  mkfifo "$gate" && exec 3<&0 4<>"$gate" || exit 1
  # with a terminal, what is kept would keep the shim waiting: it reads what this command says to the end
  if [ "$terminal" ]; then
    (exec </dev/null >/dev/null 2>&1 3<&-; monitor) &
  else
    (exec <&3 3<&-; monitor) &
  fi
  monitor=$!
  "$program" $flags "$@" || { code=$?; kill $monitor; exit $code; }
  echo $monitor >"$folder/monitor"
  printf %s $monitor >"$pidfile"
}

start_in_sandbox() {
  kept=/proc/$(cat "$folder/monitor")/fd
  "$program" $flags "$@" <"$kept/0" >"$kept/1" 2>"$kept/2"
  code=$?
  if [ $code = 0 ]; then echo start; else echo end; fi 1<>"$gate"
  exit $code
}

case $command in
create)
  join
  if ! grep -q '"io.kubernetes.cri.container-type":"container"' "$config"; then exec "$program" $flags "$@"; fi
  create_in_sandbox "$@"
  ;;
start)
  join
  if [ -e "$gate" ]; then start_in_sandbox "$@"; fi
  # mounts of its own, in which the names that mislead it are not to be seen
  exec unshare --mount --propagation slave sh -c 'mount -t tmpfs none /proc/sys/net && exec "$@"' sh "$program" $flags "$@"
  ;;
kill)
  said=$("$program" $flags "$@" 2>&1) && exit 0
  code=$?
  case $said in
  *'in state created'*)
    if [ -e "$gate" ]; then echo end 1<>"$gate"; fi
    exec "$program" $flags --root "$root" delete --force "$id"
    ;;
  *'not running'* | *'in state stopped'* | *'no such process'* | *'does not exist'*)
    echo 'container not running' >&2
    exit 1
    ;;
  esac
  echo "$said" >&2
  exit $code
  ;;
delete)
  if [ -e "$gate" ]; then echo end 1<>"$gate"; fi
  "$program" $flags "$@"
  code=$?
  if [ "$cgroup" ]; then rmdir /sys/fs/cgroup"$cgroup" /sys/fs/cgroup/*"$cgroup" 2>/dev/null; fi
  exit $code
  ;;
*)
  exec "$program" $flags "$@"
  ;;
esac
`;

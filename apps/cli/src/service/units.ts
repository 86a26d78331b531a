import { createHash } from 'node:crypto';
import { defaultHome } from '@sampan/home';

export interface Unit {
  /** `sampan.service`. */
  readonly name: string;
  readonly content: string;
}

export interface UnitPlan {
  /** Absolute. */
  readonly home: string;
  /** Node and its options. */
  readonly runtime: readonly string[];
  readonly server: { readonly program: string; readonly args: readonly string[] };
  /** undefined: this machine is to run no containers. */
  readonly node: { readonly program: string; readonly args: readonly string[] } | undefined;
}

/** Units of another home have a name of their own, so that homes do not disturb each other. */
export function unitNames(home: string): { readonly server: string; readonly node: string } {
  const suffix =
    home === defaultHome(0) ? '' : `-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`;
  return { server: `sampan${suffix}.service`, node: `sampan-node${suffix}.service` };
}

/** systemd units that start a home at boot and again when a process of it fails (systemd.service(5)). Pure. */
export function units({ home, runtime, server, node }: UnitPlan): Unit[] {
  const names = unitNames(home);
  const command = (program: string, args: readonly string[]) =>
    [...runtime, program, ...args].map(quote).join(' ');
  const serverUnit = {
    name: names.server,
    content: `[Unit]
Description=Sampan: control plane of ${plain(home)}
After=network-online.target local-fs.target
Wants=network-online.target
RequiresMountsFor=${quote(home)}
StartLimitIntervalSec=0

[Service]
# it starts as root, takes the home and the port, and then runs as the user sampan
ExecStart=${command(server.program, server.args)}
Restart=on-failure
RestartSec=2
TimeoutStopSec=30
LimitNOFILE=1048576

[Install]
WantedBy=multi-user.target
`,
  };
  if (!node) return [serverUnit];
  const nodeUnit = {
    name: names.node,
    content: `[Unit]
Description=Sampan: containers of ${plain(home)}
After=${names.server} network-online.target
Wants=${names.server}
RequiresMountsFor=${quote(home)}
StartLimitIntervalSec=0

[Service]
# it waits by itself until the control plane answers
ExecStart=${command(node.program, node.args)}
Restart=on-failure
RestartSec=1
TimeoutStopSec=30
# containerd and the containers go on when this process is stopped or started again
KillMode=process
Delegate=yes
LimitNOFILE=infinity
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
OOMScoreAdjust=-900

[Install]
WantedBy=multi-user.target
`,
  };
  return [serverUnit, nodeUnit];
}

/** A word of a command line or a path (systemd.syntax(7), "Quoting"): nothing in it is expanded. */
function quote(word: string): string {
  const escaped = word
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$');
  return /[\s"'\\;]/.test(word) ? `"${escaped}"` : escaped;
}

const plain = (text: string): string => text.replaceAll('%', '%%').replaceAll(/[\n\\]/g, '');

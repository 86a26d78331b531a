/** Where an own containerd keeps what, and what of the machine it uses. */
export interface ContainerdOptions {
  /** Holds everything of this containerd; made when missing. Short: its socket's path has at most 107 bytes. */
  readonly folder: string;
  /** CNI configuration of the pod network (`*.conflist`); the first file by name counts. May be filled later. */
  readonly cniConfFolder: string;
  /** Default: the first of /usr/lib/cni and /opt/cni/bin that is there. */
  readonly cniBinFolder?: string;
  /** Registry settings: HOST/hosts.toml (containerd docs/hosts.md). Default: `registries` in `folder`. */
  readonly registryFolder?: string;
  /** Default `overlayfs`. */
  readonly snapshotter?: string;
  /** Runtime classes beside `runc`: the program that containerd's runc shim calls (a wrapper of runsc, crun). */
  readonly handlers?: Readonly<Record<string, string>>;
  /** Default: `containerd` on the path. */
  readonly binary?: string;
  /** Beside those of this process: proxies, for example. Counts when it is started, not when it is adopted. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface ContainerdPaths {
  readonly config: string;
  readonly socket: string;
  readonly root: string;
  readonly state: string;
  readonly log: string;
  readonly pid: string;
  readonly registries: string;
}

export function containerdPaths({ folder, registryFolder }: ContainerdOptions): ContainerdPaths {
  return {
    config: `${folder}/containerd.toml`,
    socket: `${folder}/containerd.sock`,
    root: `${folder}/root`,
    state: `${folder}/state`,
    log: `${folder}/containerd.log`,
    pid: `${folder}/containerd.pid`,
    registries: registryFolder ?? `${folder}/registries`,
  };
}

/** What the machine lets containers do. */
export interface MachineFacts {
  /** Without CAP_SYS_RESOURCE an oom_score_adj below one's own cannot be set, and runc fails. */
  readonly sysResource: boolean;
  readonly cniBinFolder: string;
}

/** containerd 1.6 and 1.7's configuration, version 2 (containerd docs/cri/config.md). */
export function containerdConfig(
  options: ContainerdOptions,
  machine: MachineFacts,
  pauseImage: string,
): string {
  const paths = containerdPaths(options);
  const cri = '[plugins."io.containerd.grpc.v1.cri"';
  return [
    'version = 2',
    `root = ${quote(paths.root)}`,
    `state = ${quote(paths.state)}`,
    // the agent needs none of them, and some take seconds to find that out
    `disabled_plugins = ${JSON.stringify(UNUSED_PLUGINS)}`,
    '[grpc]',
    `address = ${quote(paths.socket)}`,
    `${cri}]`,
    `sandbox_image = ${quote(pauseImage)}`,
    `restrict_oom_score_adj = ${!machine.sysResource}`,
    'stream_server_address = "127.0.0.1"',
    'stream_server_port = "0"',
    // pulls are parallel between images already; layers of one too
    'max_concurrent_downloads = 5',
    `${cri}.cni]`,
    `bin_dir = ${quote(machine.cniBinFolder)}`,
    `conf_dir = ${quote(options.cniConfFolder)}`,
    'max_conf_num = 1',
    `${cri}.registry]`,
    `config_path = ${quote(paths.registries)}`,
    `${cri}.containerd]`,
    `snapshotter = ${quote(options.snapshotter ?? 'overlayfs')}`,
    'default_runtime_name = "runc"',
    ...handlerConfig(cri, 'runc', undefined),
    ...Object.entries(options.handlers ?? {}).flatMap(([name, binary]) => handlerConfig(cri, name, binary)),
    '',
  ].join('\n');
}

const UNUSED_PLUGINS = [
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.internal.v1.tracing',
];

function handlerConfig(cri: string, name: string, binary: string | undefined): string[] {
  const table = `${cri}.containerd.runtimes.${quote(name)}`;
  const head = [`${table}]`, 'runtime_type = "io.containerd.runc.v2"'];
  return binary === undefined ? head : [...head, `${table}.options]`, `BinaryName = ${quote(binary)}`];
}

/** A TOML basic string. */
function quote(text: string): string {
  return JSON.stringify(text);
}

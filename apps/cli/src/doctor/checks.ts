import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { freemem, release, totalmem } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type HomeLayout, isHome } from '@sampan/home';
import { missingPackages } from './packages.ts';
import { checkHubPort, checkPort } from './ports.ts';
import { readable } from './readable.ts';

export interface Finding {
  /** `problem`: Sampan cannot run so. `warning`: something will not work. */
  readonly level: 'ok' | 'warning' | 'problem';
  readonly found: string;
  /** What to do about it. */
  readonly mend?: string;
}

export interface Machine {
  readonly home: HomeLayout;
  readonly port: number | undefined;
  readonly environment: NodeJS.ProcessEnv;
}

export interface Check {
  readonly name: string;
  check(machine: Machine): Finding | Promise<Finding>;
}

const MIB = 2 ** 20;
const OLDEST_NODE = 26;

/** In the order in which they are printed. */
export const CHECKS: readonly Check[] = [
  { name: 'node', check: checkNode },
  { name: 'user', check: checkUser },
  { name: 'home', check: checkHome },
  { name: 'disk', check: checkDisk },
  { name: 'memory', check: checkMemory },
  { name: 'port', check: checkPort },
  { name: 'registry', check: checkHubPort },
  { name: 'files', check: checkOpenFiles },
  { name: 'inotify', check: checkInotify },
  { name: 'cgroup', check: checkCgroup },
  { name: 'kernel', check: checkKernel },
  { name: 'containers', check: checkContainers },
  { name: 'kubectl', check: checkKubectl },
];

function checkNode(): Finding {
  const found = `Node ${process.versions.node}`;
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) return { level: 'ok', found };
  return {
    level: 'problem',
    found,
    mend: `Sampan needs Node ${OLDEST_NODE}: run "make build", which installs it beside Sampan.`,
  };
}

function checkUser(): Finding {
  if (process.getuid?.() !== 0)
    return { level: 'ok', found: 'not root: clusters work, containers on this machine need root' };
  const hasUseradd = ['/usr/sbin/useradd', '/sbin/useradd'].some((file) => existsSync(file));
  return {
    level: 'ok',
    found: `root: the server gives it up and runs as ${hasUseradd ? 'the user sampan' : 'user id 60642'}`,
  };
}

function checkHome({ home }: Machine): Finding {
  const existing = nearest(home.root);
  try {
    accessSync(existing, constants.W_OK | constants.X_OK);
  } catch {
    return {
      level: 'problem',
      found: `${existing} cannot be written to`,
      mend: 'Name a folder of your own with --home.',
    };
  }
  if (existing !== home.root) return { level: 'ok', found: `${home.root} will be made` };
  return isHome(home.root)
    ? { level: 'ok', found: `${home.root} is a Sampan home` }
    : { level: 'ok', found: `${home.root} is there and no home yet; it must be empty` };
}

function checkDisk({ home }: Machine): Finding {
  const { bavail, bsize } = statfsSync(nearest(home.root));
  const free = Math.floor((bavail * bsize) / MIB);
  const found = `${free} MiB free`;
  if (free < 100)
    return {
      level: 'problem',
      found,
      mend: 'Free at least 100 MiB, or name a folder on another disk with --home.',
    };
  if (free < 1024) return { level: 'warning', found, mend: 'Little room for growth: 1 GiB is better.' };
  return { level: 'ok', found };
}

function checkMemory(): Finding {
  const found = `${Math.round(freemem() / MIB)} of ${Math.round(totalmem() / MIB)} MiB available`;
  return freemem() < 256 * MIB
    ? {
        level: 'warning',
        found,
        mend: 'Sampan needs about 150 MiB, and more with many objects: end other programs.',
      }
    : { level: 'ok', found };
}

function checkOpenFiles(): Finding {
  const limit = /^Max open files\s+(\S+)/m.exec(readOr('/proc/self/limits'))?.[1] ?? '';
  const found = `${limit || 'unknown'} open files allowed`;
  return Number(limit) < 1024
    ? {
        level: 'warning',
        found,
        mend: 'Each watch is an open connection: raise the limit with "ulimit -n 65536".',
      }
    : { level: 'ok', found };
}

function checkInotify(): Finding {
  const limit = Number(readOr('/proc/sys/fs/inotify/max_user_instances'));
  const found = limit ? `${limit} instances allowed` : 'not available';
  return limit > 0 && limit < 128
    ? {
        level: 'warning',
        found,
        mend: 'Containers that watch files need more: sysctl -w fs.inotify.max_user_instances=512',
      }
    : { level: 'ok', found };
}

/** Both versions will do for containers; said for bug reports. */
function checkCgroup(): Finding {
  const unified = existsSync('/sys/fs/cgroup/cgroup.controllers');
  return { level: 'ok', found: unified ? 'version 2' : 'version 1, or hybrid' };
}

interface KernelFeature {
  readonly module: string;
  /** Whether it is in use already. */
  isActive(): boolean;
  readonly without: string;
}

const KERNEL_FEATURES: readonly KernelFeature[] = [
  {
    module: 'overlay',
    isActive: () => /\toverlay$/m.test(readOr('/proc/filesystems')),
    without: 'containers cannot share their images',
  },
  {
    module: 'br_netfilter',
    isActive: () => existsSync('/proc/sys/net/bridge/bridge-nf-call-iptables'),
    without: 'Services cannot lead from one pod to another',
  },
];

/** What is neither in use nor to be had as a module. A kernel without a list of modules has to be believed. */
function checkKernel(): Finding {
  const folder = `/lib/modules/${release()}`;
  const known = readOr(join(folder, 'modules.dep')) + readOr(join(folder, 'modules.builtin'));
  const missing = KERNEL_FEATURES.filter(
    ({ module, isActive }) => !isActive() && known !== '' && !known.includes(`/${module}.ko`),
  );
  const [first] = missing;
  if (!first) return { level: 'ok', found: `${release()} has what containers need` };
  const found = `${release()} lacks ${missing.map(({ module }) => module).join(', ')}`;
  return { level: 'warning', found, mend: `${first.without}: start a kernel that has it, as Debian's does.` };
}

/** Programs; who starts Sampan is the matter of the check of the user. */
function checkContainers({ environment }: Machine): Finding {
  const missing = missingPackages(environment.PATH);
  const needed = missing.filter(({ optional }) => !optional);
  const list = (packages: typeof missing) => packages.map(({ name }) => name).join(', ');
  if (needed.length > 0) {
    const mend = `${needed[0]?.without}. Install them: sudo sampan doctor --fix`;
    return { level: 'warning', found: `missing: ${list(needed)}`, mend };
  }
  const without = missing.map((entry) => `no ${entry.name} (${entry.without})`).join(', ');
  return { level: 'ok', found: `all programs are there${without && `; ${without}`}` };
}

function checkKubectl({ environment }: Machine): Finding {
  const found = (environment.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'kubectl'))
    .find(isExecutable);
  if (found) return { level: 'ok', found };
  return {
    level: 'warning',
    found: 'not installed',
    mend: 'Install it: apt-get install kubernetes-client (Debian), or see https://kubernetes.io/docs/tasks/tools/',
  };
}

/** The folder itself, or the first one above it that exists. */
function nearest(folder: string): string {
  return existsSync(folder) || folder === '/' ? folder : nearest(dirname(folder));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Undefined for what this user may not read: the check of the home says so. */
function readOr(file: string, otherwise = ''): string {
  return readable(() => readFileSync(file, 'utf8')) ?? otherwise;
}

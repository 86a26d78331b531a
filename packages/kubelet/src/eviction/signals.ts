import type { DiskSpace } from '../stats/disk-usage.ts';
import type { MachineUsage } from '../stats/machine-usage.ts';

/** What the machine may run short of, as upstream names it (eviction/api/types.go). */
export type Signal =
  | 'memory.available'
  | 'nodefs.available'
  | 'nodefs.inodesFree'
  | 'imagefs.available'
  | 'imagefs.inodesFree'
  | 'pid.available';

export type PressureCondition = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure';

export interface SignalTraits {
  readonly condition: PressureCondition;
  /** What the events name. */
  readonly resource: 'memory' | 'ephemeral-storage' | 'inodes' | 'pids';
}

const DISK = { condition: 'DiskPressure', resource: 'ephemeral-storage' } as const;
const INODES = { condition: 'DiskPressure', resource: 'inodes' } as const;

/** In the order in which shortages are dealt with: memory first. */
export const SIGNALS: Readonly<Record<Signal, SignalTraits>> = {
  'memory.available': { condition: 'MemoryPressure', resource: 'memory' },
  'nodefs.available': DISK,
  'nodefs.inodesFree': INODES,
  'imagefs.available': DISK,
  'imagefs.inodesFree': INODES,
  'pid.available': { condition: 'PIDPressure', resource: 'pids' },
};

export interface Observation {
  readonly available: number;
  readonly capacity: number;
}

export type Observations = Readonly<Record<Signal, Observation>>;

/** Pure (eviction makeSignalObservations). */
export function observe(machine: MachineUsage, disk: DiskSpace, imageDisk: DiskSpace): Observations {
  return {
    'memory.available': {
      available: machine.memoryBytes - machine.memory.workingSet,
      capacity: machine.memoryBytes,
    },
    'nodefs.available': disk,
    'nodefs.inodesFree': { available: disk.inodesFree, capacity: disk.inodes },
    'imagefs.available': imageDisk,
    'imagefs.inodesFree': { available: imageDisk.inodesFree, capacity: imageDisk.inodes },
    'pid.available': { available: machine.maxPids - machine.pids, capacity: machine.maxPids },
  };
}

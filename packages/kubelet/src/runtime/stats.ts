/** What a container uses; 0 where the runtime does not tell. */
export interface ContainerStats {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** CPU time since it began, nanoseconds. */
  readonly cpuNanoseconds: number;
  /** Bytes that cannot be given back under pressure. */
  readonly memoryWorkingSet: number;
  readonly memoryUsage: number;
  /** Of its writable layer. */
  readonly diskBytes: number;
  readonly diskInodes: number;
}

export interface DiskUsage {
  /** A path on the file system that holds the images. */
  readonly mountpoint: string;
  readonly bytes: number;
  readonly inodes: number;
}

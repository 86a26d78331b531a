/**
 * What the guests process asks of the node process, on its socket: `POST /clusters/NAME` with this as JSON has pods of
 * a cluster run on the machine, again when it runs already; `DELETE /clusters/NAME` ends the work for it. The node
 * process remembers none of it over its own end. Answers: 200; 409 when the network is another's by now; 500.
 */
export interface NodeRequest {
  /** Which of the machine's cluster networks is its. */
  readonly network: number;
  readonly ranges: GuestRanges;
  /** Its API on loopback, for the node process and, through its network, for pods. */
  readonly port: number;
  /** PEM; of that API's certificate. */
  readonly ca: string;
  readonly credentials: Readonly<Record<NodePart, NodeCredential>>;
  /** Its pods run under gVisor, whatever they ask for. */
  readonly isSandboxed: boolean;
  readonly quota: MachineQuota;
}

/** Addresses inside of a cluster, CIDRs of IPv4. */
export interface GuestRanges {
  /** A /24. */
  readonly pods: string;
  readonly services: string;
}

/** What the pods of a cluster may take of the machine together; absent: as much as there is. */
export interface MachineQuota {
  /** That run at once. */
  readonly pods?: number;
  /** Thousandths of a core. */
  readonly milliCpus?: number;
  readonly memoryBytes?: number;
}

export const MACHINE_QUOTA = [
  'pods',
  'milliCpus',
  'memoryBytes',
] as const satisfies readonly (keyof MachineQuota)[];

/** Who the node process is in the cluster. */
export const NODE_PARTS = ['node', 'network', 'ingress', 'provisioner'] as const;
export type NodePart = (typeof NODE_PARTS)[number];

/** PEM texts. */
export interface NodeCredential {
  readonly certificate: string;
  readonly key: string;
}

/** GET of it is answered for as long as the node process lives: who asked hears of its end. */
export const NODE_LINE = '/line';

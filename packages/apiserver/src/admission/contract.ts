import type { KubeObject, ResourceDefinition } from '@sampan/api';
import type { UserInfo } from '../auth/contract.ts';

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** One request on its way into the store (apiserver pkg/admission Attributes). */
export interface AdmissionRequest {
  readonly operation: AdmissionOperation;
  readonly definition: ResourceDefinition;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** The object to be stored, defaulted; may be changed in `admit` and `allocate`, not in `validate`; absent for DELETE. */
  readonly object: KubeObject | undefined;
  /** What is stored now (frozen); absent for CREATE. */
  readonly old: KubeObject | undefined;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** The options of the request as an object of meta.k8s.io/v1; absent for CONNECT. */
  readonly options?: object;
  /** Of CONNECT: the options of the connection as an object, for example PodExecOptions. */
  connectOptions?(): KubeObject;
  /** Adds a `Warning` header to the answer. */
  warn(text: string): void;
  /** Adds an audit annotation (kept for the audit log to come). */
  annotate(key: string, value: string): void;
}

/**
 * A built-in admission plug-in. `admit` may change the object, then `allocate` sets what the server hands out, then
 * the object is validated by its kind, then `validate` may refuse. All throw a StatusError to refuse. They run again
 * from the start when the store finds that the object changed meanwhile.
 */
export interface AdmissionPlugin {
  readonly name: string;
  /** Asked once for each operation, definition and subresource: must not look at anything else. */
  handles(request: Pick<AdmissionRequest, 'operation' | 'definition' | 'subresource'>): boolean;
  admit?(request: AdmissionRequest): void | Promise<void>;
  /** Asked when all have run: true makes all of them admit the request once more, which is done at most once. */
  again?(request: AdmissionRequest): boolean;
  /**
   * May return a reservation: `commit` is called when the write is durable, `release` when it fails or was a dry
   * run (ResourceQuota counts reservations, so that concurrent creates cannot exceed a quota).
   */
  validate?(request: AdmissionRequest): Reservation | undefined | Promise<Reservation | undefined>;
  /**
   * After the kind's rules have prepared the object and before they validate it: sets what the server hands out
   * (a Service's cluster IP and node ports) and returns how to take it back.
   */
  allocate?(request: AdmissionRequest): Reservation | undefined | Promise<Reservation | undefined>;
}

export interface Reservation {
  commit(): void;
  release(): void;
}

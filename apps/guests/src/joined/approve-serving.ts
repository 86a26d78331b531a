import type { KubeObject } from '@sampan/api';
import { type Logger, messageOf } from '@sampan/base';
import {
  type ControlPlaneHandle,
  kubeletServingError,
  REFS,
  requestOf,
  SIGNER,
  type SigningRequest,
} from '@sampan/machinery';

export interface ServingApproverOptions {
  readonly plane: Pick<ControlPlaneHandle, 'client' | 'reader'>;
  /** Whether a machine that joined may have an address. */
  readonly mayBeAt: (address: string) => boolean;
  readonly log: Logger;
}

const COLLECTION = 'certificatesigningrequests.certificates.k8s.io';

type Csr = SigningRequest & { status?: { conditions?: unknown[]; certificate?: string } };

/**
 * Approves requests of kubelets for their serving certificates, which upstream leaves to people (Kubernetes docs, "TLS
 * bootstrapping"): for nothing but the node's own name and addresses that machines which join may have. All others
 * wait for `kubectl certificate approve`: a certificate for other names could stand for the API itself.
 */
export class ServingApprover {
  readonly #options: ServingApproverOptions;
  readonly #stopWatching: () => void;

  constructor(options: ServingApproverOptions) {
    this.#options = options;
    this.#stopWatching = options.plane.reader.watch(COLLECTION, ({ type, object }) => {
      if (type !== 'deleted') this.#look(object as Csr);
    });
    this.look();
  }

  /** Looks at all again: other addresses may be fine now. */
  look(): void {
    for (const csr of this.#options.plane.reader.list(COLLECTION)) this.#look(csr as Csr);
  }

  close(): void {
    this.#stopWatching();
  }

  #look(csr: Csr): void {
    const { status } = csr;
    const isDecided = (status?.conditions ?? []).length > 0 || status?.certificate;
    if (isDecided || !isOwnServing(csr, this.#options.mayBeAt)) return;
    const { plane, log } = this.#options;
    const time = `${new Date().toISOString().slice(0, 19)}Z`;
    const approved = {
      type: 'Approved',
      status: 'True',
      reason: 'AutoApproved',
      message: 'The name and the addresses are those of a node which joined.',
      lastUpdateTime: time,
      lastTransitionTime: time,
    };
    plane
      .client('certificate-controller')
      .update<KubeObject>(
        REFS.certificateSigningRequests,
        { ...csr, status: { ...status, conditions: [approved] } },
        { subresource: 'approval' },
      )
      .catch((error: unknown) => log.warn('a serving certificate', { error: messageOf(error) }));
  }
}

/** Pure. */
export function isOwnServing(csr: SigningRequest, mayBeAt: (address: string) => boolean): boolean {
  const { signerName, username = '', groups = [], usages = [] } = csr.spec;
  if (signerName !== SIGNER.kubeletServing || !groups.includes('system:nodes')) return false;
  try {
    const request = requestOf(csr);
    const isItself = request.subject.commonName === username && username.startsWith('system:node:');
    const name = username.slice('system:node:'.length);
    return (
      isItself &&
      kubeletServingError(request, usages) === undefined &&
      request.dnsNames.every((each) => each === name) &&
      request.ipAddresses.every(mayBeAt)
    );
  } catch {
    // no request at all: who signs tells so
    return false;
  }
}

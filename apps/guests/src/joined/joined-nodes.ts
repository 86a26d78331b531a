import { errors, type KubeObject, type k8s } from '@sampan/api';
import { Kubelet } from '@sampan/apiserver';
import { issueCertificate, type ObjectReader } from '@sampan/machinery';
import type { GuestKeys } from '../guest-keys.ts';
import { AddressRanges } from './address-ranges.ts';

/** As kubelets know the API server; `componentPolicy` says what it may do there. */
const CLIENT_NAME = 'system:sampan:kubelet-client';
const LIFE_SECONDS = 90 * 24 * 3600;
const RENEW_MS = 45 * 24 * 3_600_000;
/** In the order in which they are tried (kube-apiserver --kubelet-preferred-address-types), without names. */
const TYPES = ['InternalIP', 'ExternalIP'];

/** Nodes of a cluster beside this machine, which joined it by a token: kubelets of upstream's. */
export class JoinedNodes {
  readonly #keys: GuestKeys;
  #ranges: AddressRanges;
  #credential: { readonly certificate: string; readonly key: string; readonly at: number } | undefined;

  /** `ranges`: where such machines may be, as the owner of this one says; nobody else is called. */
  constructor(keys: GuestKeys, ranges: readonly string[]) {
    this.#keys = keys;
    this.#ranges = new AddressRanges(ranges);
  }

  set ranges(ranges: readonly string[]) {
    this.#ranges = new AddressRanges(ranges);
  }

  mayBeAt(address: string): boolean {
    return this.#ranges.has(address);
  }

  /** The kubelet of a node; undefined: there is no such node. Throws ServiceUnavailable when it may not be called. */
  kubelet(reader: ObjectReader, name: string): Kubelet | undefined {
    const node = reader.get<KubeObject>('nodes', '', name) as k8s.Node | undefined;
    if (!node) return undefined;
    const addresses = TYPES.flatMap((wanted) =>
      (node.status?.addresses ?? []).filter(({ type }) => type === wanted).map(({ address }) => address),
    );
    const address = addresses.find((each) => this.mayBeAt(each));
    if (address === undefined) throw notAllowed(name, addresses);
    return new Kubelet({ node: name, address, ca: this.#keys.trusted, ...this.#issued() });
  }

  #issued(): { readonly certificate: string; readonly key: string } {
    const now = Date.now();
    if (this.#credential && now - this.#credential.at < RENEW_MS) return this.#credential;
    // by the authority that machines know which joined before a rotation
    const { certificatePem, privateKeyPem = '' } = issueCertificate(this.#keys.serving, {
      subject: { commonName: CLIENT_NAME, organizations: [] },
      usages: ['digital signature', 'client auth'],
      seconds: LIFE_SECONDS,
    });
    this.#credential = { certificate: certificatePem, key: privateKeyPem, at: now };
    return this.#credential;
  }
}

const notAllowed = (name: string, addresses: readonly string[]) =>
  errors.serviceUnavailable(
    `node ${JSON.stringify(name)} is at ${addresses.join(', ') || 'no address'}, which the owner of the machine that serves this cluster does not let it call (spec.nodes.ranges of its Cluster)`,
  );

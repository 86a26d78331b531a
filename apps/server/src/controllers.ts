import { type ControlPlane, issueLegacyToken, type SigningKeys } from '@sampan/apiserver';
import type { Logger } from '@sampan/base';
import { type PullSecretOptions, startControllers } from '@sampan/controllers';
import type { Pki } from '@sampan/home';

export interface ControllerNeeds {
  readonly pki: Pki;
  readonly keys: SigningKeys;
  readonly log: Logger;
  /** Also what components of Kubernetes 1.20 wait for. */
  readonly legacyApis: boolean;
  /** The port that the API server listens on. */
  readonly port: number;
  /** Where pods reach that port; absent: nowhere. */
  readonly address?: string;
  /** To fetch images from the registry with; absent: there is none. */
  readonly pullSecret?: PullSecretOptions;
}

/** The first address of the Service range: what pods know as `kubernetes.default`. */
const API_SERVICE_IP = '10.96.0.1';

/**
 * Starts the built-in controllers on a control plane; the returned function stops them. Resolves when pods can be
 * made in every namespace, so that the first client finds what it needs.
 */
export async function startControllersOf(
  plane: ControlPlane,
  { pki, keys, log, legacyApis, port, address, pullSecret }: ControllerNeeds,
): Promise<() => Promise<void>> {
  const controllers = startControllers({
    client: (name) => plane.client(name),
    log,
    rootCa: pki.authority.certificatePem,
    signer: pki.authority,
    ...(pullSecret ? { pullSecret } : {}),
    accountTokens: legacyApis,
    issueToken: (account, secret) => issueLegacyToken(keys, account, secret),
    apiService: { clusterIP: API_SERVICE_IP, port, ...(address === undefined ? {} : { address }) },
  });
  await controllers.ready;
  return () => controllers.stop();
}

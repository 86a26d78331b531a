import { type Clock, type Logger, silentLogger, systemClock } from '@sampan/base';
import type { CertificateAuthority, Client } from '@sampan/machinery';
import { startAccountTokens } from './accounts/account-tokens.ts';
import { type LegacyTokenOptions, startLegacyTokens } from './accounts/legacy-tokens.ts';
import { type PullSecretOptions, startPullSecret } from './accounts/pull-secret.ts';
import { startRootCa } from './accounts/root-ca.ts';
import { startServiceAccounts } from './accounts/service-accounts.ts';
import { startBootstrapTokenCleaner } from './bootstrap/bootstrap-tokens.ts';
import { startCertificates } from './certificates/certificates.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { CONTROLLER_GROUPS, type ControllerGroup } from './controller-groups.ts';
import { type ApiServiceOptions, startApiService } from './endpoints/api-service.ts';
import { startGarbageCollector } from './garbage/garbage-collector.ts';
import { startNamespaceController } from './namespace/namespace-controller.ts';
import { startClusterRoleAggregation } from './rbac/cluster-role-aggregation.ts';
import { startInUseProtection } from './storage/in-use-protection.ts';
import { SharedInformers } from './workloads/shared-informers.ts';

export interface ControllersOptions {
  /** A client with this field manager. */
  client(name: string): Client;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** PEM that pods verify the API server by (`kube-root-ca.crt`); absent: not published. */
  readonly rootCa?: string;
  /** Given to all pods, to fetch images with; absent: none is. */
  readonly pullSecret?: PullSecretOptions;
  /** Signs certificate requests; absent: none are approved, signed or cleaned. */
  readonly signer?: CertificateAuthority;
  /** Fills legacy token Secrets; needs `rootCa`. */
  issueToken?: LegacyTokenOptions['issueToken'];
  /** Makes a token Secret for every ServiceAccount, as Kubernetes did before 1.24; needs `issueToken`. Default false. */
  readonly accountTokens?: boolean;
  /** Keeps the Service `kubernetes`; absent: somebody else does. */
  readonly apiService?: ApiServiceOptions;
  /** Nodes whose silence means nothing, as this machine's to a cluster that it works for only when it has pods; default none. */
  isHosted?(node: string): boolean;
  /** Groups that others run, or whose kinds the server does not serve; default none. */
  readonly without?: readonly ControllerGroup[];
}

/** Controllers that run. */
export interface Controllers {
  /** Resolves when every namespace has what pods in it need: its ServiceAccount and root CA. */
  readonly ready: Promise<void>;
  /** Resolves when all have seen the present state. */
  readonly synced: Promise<void>;
  /** Resolves when all have worked on all that they know of: then their clock knows what they do later. */
  settled(): Promise<void>;
  /** Resolves when the last write is done. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts the controllers that API clients wait for. They only speak the Kubernetes API, are driven by events, and
 * may run against any server that does not run its own.
 */
export function startControllers(options: ControllersOptions): Controllers {
  const { rootCa, pullSecret, signer, issueToken, apiService, without = [] } = options;
  const context: ControllerContext = {
    client: (name) => options.client(name),
    clock: options.clock ?? systemClock,
    log: options.log ?? silentLogger,
    isHosted: (node) => options.isHosted?.(node) ?? false,
  };
  const first = [startServiceAccounts(context, pullSecret?.name)];
  if (pullSecret) first.push(startPullSecret(context, pullSecret));
  if (rootCa !== undefined) first.push(startRootCa(context, rootCa));
  const controllers: Controller[] = [
    ...first,
    startNamespaceController(context),
    startClusterRoleAggregation(context),
    startBootstrapTokenCleaner(context),
    startGarbageCollector(context),
    startInUseProtection(context),
  ];
  if (signer !== undefined) controllers.push(startCertificates(context, signer));
  if (rootCa !== undefined && issueToken !== undefined)
    controllers.push(startLegacyTokens(context, { ca: rootCa, issueToken }));
  if (options.accountTokens) controllers.push(startAccountTokens(context));
  if (apiService !== undefined) controllers.push(startApiService(context, apiService));
  const informers = new SharedInformers(context, context.client('shared-informers'));
  for (const [name, start] of Object.entries(CONTROLLER_GROUPS)) {
    if (!without.includes(name as ControllerGroup)) controllers.push(start(context, informers));
  }
  informers.start();
  const synced = Promise.all(controllers.map((controller) => controller.synced)).then(() => {});
  return {
    ready: Promise.all(first.map((controller) => controller.synced)).then(() => {}),
    synced,
    async settled() {
      await synced;
      await Promise.all(controllers.map((controller) => controller.settled?.()));
    },
    async stop() {
      informers.stop();
      await Promise.all(controllers.map((controller) => controller.stop()));
    },
  };
}

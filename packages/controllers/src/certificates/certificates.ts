import type { KubeObject } from '@sampan/api';
import {
  type CertificateAuthority,
  type Client,
  decideApproval,
  REFS,
  Reconciler,
  type SigningRequest,
  signApproved,
} from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, informerOf } from '../controller.ts';
import { formatTime } from '../time.ts';
import { type CsrCondition, type CsrObject, deadlineOf, hasCondition } from './deadline.ts';

type Csr = CsrObject & SigningRequest;

const REF = REFS.certificateSigningRequests;

/**
 * Approves node client certificates, signs what is approved for the four signers of the control plane, and removes
 * requests that are over (upstream's csrapproving, csrsigning and csrcleaner controllers).
 */
export function startCertificates(context: ControllerContext, authority: CertificateAuthority): Controller {
  const client = context.client('certificate-controller');
  const requests = informerOf<Csr>(context, client, REF);
  const { clock, log } = context;

  const reconcile = async (name: string) => {
    const csr = requests.get('', name);
    if (!csr || csr.metadata.deletionTimestamp) return undefined;
    const now = clock.now();
    const deadline = deadlineOf(csr);
    if (deadline !== undefined && deadline <= now) {
      const preconditions = { uid: csr.metadata.uid ?? '' };
      await client.delete(REF, undefined, name, { preconditions }).catch(ignore('NotFound', 'Conflict'));
      return undefined;
    }
    if (isUndecided(csr)) await approve(client, csr, now);
    else if (isToSign(csr)) await sign(client, csr, authority, now);
    return deadline === undefined ? undefined : { afterMs: deadline - now };
  };
  const reconciler = new Reconciler({ name: 'certificates', clock, log, reconcile });
  requests.onChange(({ type, object }) => {
    if (type !== 'deleted') reconciler.enqueue(object.metadata.name ?? '');
  });
  requests.start();
  const synced = requests.synced().then(() => reconciler.start());
  return {
    synced,
    settled: () => reconciler.settled(),
    async stop() {
      requests.stop();
      await reconciler.stop();
    },
  };
}

const isUndecided = (csr: Csr): boolean =>
  !csr.status?.certificate && !hasCondition(csr, 'Approved') && !hasCondition(csr, 'Denied');
const isToSign = (csr: Csr): boolean =>
  !csr.status?.certificate && hasCondition(csr, 'Approved') && !hasCondition(csr, 'Failed');

async function approve(client: Client, csr: Csr, now: number): Promise<void> {
  const decision = await decideApproval(csr, (subresource) => mayCreate(client, csr, subresource));
  // a role binding may still come: tried again with growing pauses
  if (decision.action === 'refuse') throw new Error(decision.message);
  if (decision.action === 'ignore') return;
  const condition = conditionOf('Approved', 'AutoApproved', decision.message, now);
  await client.update(REF, withStatus(csr, { conditions: [...(csr.status?.conditions ?? []), condition] }), {
    subresource: 'approval',
  });
}

async function sign(client: Client, csr: Csr, authority: CertificateAuthority, now: number): Promise<void> {
  const decision = signApproved(csr, authority, { now });
  if (decision.action === 'ignore') return;
  const status =
    decision.action === 'sign'
      ? { certificate: Buffer.from(decision.certificate).toString('base64') }
      : {
          conditions: [
            ...(csr.status?.conditions ?? []),
            conditionOf('Failed', 'SignerValidationFailure', decision.message, now),
          ],
        };
  await client.update(REF, withStatus(csr, status), { subresource: 'status' });
}

const withStatus = (csr: Csr, status: Partial<NonNullable<Csr['status']>>): Csr => ({
  ...csr,
  status: { ...csr.status, ...status },
});

function conditionOf(type: string, reason: string, message: string, now: number): CsrCondition {
  const time = formatTime(now);
  return { type, status: 'True', reason, message, lastUpdateTime: time, lastTransitionTime: time };
}

/** Asks the server whether the requester may have a certificate of this sort without a person's approval. */
async function mayCreate(client: Client, csr: Csr, subresource: string): Promise<boolean> {
  const { username, uid, groups, extra } = csr.spec;
  const review = await client.create<KubeObject>(REFS.subjectAccessReviews, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    metadata: {},
    spec: {
      ...(username ? { user: username } : {}),
      ...(uid ? { uid } : {}),
      ...(groups ? { groups } : {}),
      ...(extra ? { extra } : {}),
      resourceAttributes: {
        group: 'certificates.k8s.io',
        resource: 'certificatesigningrequests',
        verb: 'create',
        subresource,
        version: '*',
      },
    },
  });
  return review.status?.allowed === true;
}

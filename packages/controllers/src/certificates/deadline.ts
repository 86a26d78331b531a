import { X509Certificate } from 'node:crypto';
import type { KubeObject } from '@sampan/api';

export interface CsrCondition {
  type: string;
  status?: string;
  reason?: string;
  message?: string;
  lastUpdateTime?: string;
  lastTransitionTime?: string;
}

export interface CsrObject extends KubeObject {
  status?: { conditions?: CsrCondition[]; certificate?: string };
}

const HOUR_MS = 3_600_000;
const PENDING_MS = 24 * HOUR_MS;
const DECIDED_MS = HOUR_MS;

export const hasCondition = (csr: CsrObject, type: string): boolean =>
  (csr.status?.conditions ?? []).some((condition) => condition.type === type);

/**
 * When a request is of no use to anybody any more (upstream's csrcleaner): a day after it was made when nobody
 * decided, an hour after it was issued, denied or failed, and when its certificate expires. Milliseconds since the
 * epoch; undefined: never.
 */
export function deadlineOf(csr: CsrObject): number | undefined {
  const conditions = csr.status?.conditions ?? [];
  const created = Date.parse(csr.metadata.creationTimestamp ?? '');
  if (conditions.length === 0) return Number.isNaN(created) ? undefined : created + PENDING_MS;
  const issued = (csr.status?.certificate ?? '') !== '';
  const times = conditions
    .filter(({ type }) => type === 'Denied' || type === 'Failed' || (type === 'Approved' && issued))
    .map(({ lastUpdateTime }) => Date.parse(lastUpdateTime ?? '') + DECIDED_MS);
  if (issued && hasCondition(csr, 'Approved')) times.push(expiryOf(csr));
  const known = times.filter((time) => !Number.isNaN(time));
  return known.length === 0 ? undefined : Math.min(...known);
}

/** NaN when the certificate cannot be read: other signers may have written anything. */
function expiryOf(csr: CsrObject): number {
  try {
    return Date.parse(new X509Certificate(Buffer.from(csr.status?.certificate ?? '', 'base64')).validTo);
  } catch {
    return Number.NaN;
  }
}

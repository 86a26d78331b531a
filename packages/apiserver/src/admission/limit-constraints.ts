import type { Quantity } from '@sampan/base';
import type { Amounts } from '../quota/amounts.ts';

/** Constraints of one LimitRange item with upstream's texts; undefined: it holds. */
export function minimum(
  type: string,
  name: string,
  enforced: Quantity,
  requests: Amounts,
  limits: Amounts,
): string | undefined {
  const request = requests.get(name);
  const limit = limits.get(name);
  const start = `minimum ${name} usage per ${type} is ${enforced}`;
  if (!request) return `${start}.  No request is specified`;
  if (request.compare(enforced) < 0) return `${start}, but request is ${request}`;
  return limit && limit.compare(enforced) < 0 ? `${start}, but limit is ${limit}` : undefined;
}

export function maximum(
  type: string,
  name: string,
  enforced: Quantity,
  requests: Amounts,
  limits: Amounts,
): string | undefined {
  const request = requests.get(name);
  const limit = limits.get(name);
  const start = `maximum ${name} usage per ${type} is ${enforced}`;
  if (!limit) return `${start}.  No limit is specified`;
  if (limit.compare(enforced) > 0) return `${start}, but limit is ${limit}`;
  return request && request.compare(enforced) > 0 ? `${start}, but request is ${request}` : undefined;
}

/** Of what has requests only: storage. */
export function maximumRequest(
  type: string,
  name: string,
  enforced: Quantity,
  requests: Amounts,
): string | undefined {
  const request = requests.get(name);
  const start = `maximum ${name} usage per ${type} is ${enforced}`;
  if (!request) return `${start}.  No request is specified`;
  return request.compare(enforced) > 0 ? `${start}, but request is ${request}` : undefined;
}

export function limitRatio(
  type: string,
  name: string,
  enforced: Quantity,
  requests: Amounts,
  limits: Amounts,
): string | undefined {
  const request = requests.get(name);
  const limit = limits.get(name);
  const start = `${name} max limit to request ratio per ${type} is ${enforced}`;
  if (!request || request.isZero()) return `${start}, but no request is specified or request is 0`;
  if (!limit || limit.isZero()) return `${start}, but no limit is specified or limit is 0`;
  const scale = Math.min(request.scale, limit.scale);
  const fraction = Math.min(enforced.scale, 0);
  // limit / request > enforced, without division
  const exceeds =
    limit.scaled(scale) * 10n ** BigInt(-fraction) > enforced.scaled(fraction) * request.scaled(scale);
  if (!exceeds) return undefined;
  const ratio = Number(limit.scaled(scale)) / Number(request.scaled(scale));
  return `${start}, but provided ratio is ${ratio.toFixed(6)}`;
}

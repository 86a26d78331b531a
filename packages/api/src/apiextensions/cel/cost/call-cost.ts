import type { Call, CallCost } from './call.ts';
import { CONSTANT_COST } from './cost-factors.ts';
import { add, ONE } from './cost-range.ts';
import { KUBERNETES_COSTS } from './kubernetes-costs.ts';
import { listCost } from './list-costs.ts';
import { LAZY_COSTS, STANDARD_COSTS } from './standard-costs.ts';

const UNIT: CallCost = { cost: ONE };

/**
 * The cost of a call as the overload `id`, with that of its arguments. What Kubernetes estimates goes before
 * cel-go's libraries, and these before its standard functions.
 */
export function callCost(call: Call, id: string): CallCost {
  const lazy = LAZY_COSTS.get(id);
  if (lazy) return lazy(call);
  const own =
    (CONSTANT_COST.has(call.fn) ? UNIT : KUBERNETES_COSTS.get(call.fn)?.(call, id)) ??
    listCost(call, id) ??
    STANDARD_COSTS.get(id)?.(call, id) ??
    UNIT;
  return { cost: add(own.cost, call.argsCost), size: own.size, entry: own.entry };
}

import { eventRulesFor, NEW_EVENT } from '../core/event.ts';

/** Events of events.k8s.io/v1: the same objects as core's, with stricter rules. */
export const eventsEventRules = eventRulesFor(NEW_EVENT, true);

/** events.k8s.io/v1beta1: the same fields, and no more rules than core's. */
export const eventsBetaEventRules = eventRulesFor(NEW_EVENT, false);

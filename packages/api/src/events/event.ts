import { eventRulesFor, NEW_EVENT } from '../core/event.ts';

/** Events of events.k8s.io/v1: the same objects as core's, with stricter rules. */
export const eventsEventRules = eventRulesFor(NEW_EVENT, true);

import type { KindRules } from '../kinds/resource.ts';
import { invalid } from '../meta/field-error.ts';

const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
const DEFAULT_SECONDS = 3600;

/** authentication.k8s.io/v1 TokenRequest, the body of `serviceaccounts/NAME/token`. */
export const tokenRequestRules: KindRules = {
  setDefaults(request) {
    request.spec ??= {};
    const { spec } = request;
    spec.expirationSeconds ??= DEFAULT_SECONDS;
  },
  validate(request) {
    const seconds: number = request.spec?.expirationSeconds ?? 0;
    const field = 'spec.expirationSeconds';
    if (seconds < MIN_SECONDS)
      return [invalid(field, seconds, 'may not specify a duration less than 10 minutes')];
    return seconds > MAX_SECONDS
      ? [invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds')]
      : [];
  },
};

/** A review without a token is a bad request, which its handler says. */
export const tokenReviewRules: KindRules = { validate: () => [] };
export const selfSubjectReviewRules: KindRules = { validate: () => [] };

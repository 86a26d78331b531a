import { reviewAccess, reviewLocalAccess, reviewRules, reviewSelfAccess } from './access-reviews.ts';
import { reviewSelf, reviewToken } from './authentication-reviews.ts';
import type { Review } from './contract.ts';

/** By `RESOURCE.GROUP`. */
export const REVIEWS: ReadonlyMap<string, Review> = new Map<string, Review>([
  ['selfsubjectaccessreviews.authorization.k8s.io', reviewSelfAccess],
  ['subjectaccessreviews.authorization.k8s.io', reviewAccess],
  ['localsubjectaccessreviews.authorization.k8s.io', reviewLocalAccess],
  ['selfsubjectrulesreviews.authorization.k8s.io', reviewRules],
  ['selfsubjectreviews.authentication.k8s.io', reviewSelf],
  ['tokenreviews.authentication.k8s.io', reviewToken],
]);

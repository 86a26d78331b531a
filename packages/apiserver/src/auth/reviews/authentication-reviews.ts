import { errors, type KubeObject } from '@sampan/api';
import type { UserInfo } from '../contract.ts';
import { TokenError } from '../tokens/token-authenticator.ts';
import type { ReviewContext } from './contract.ts';

export function reviewSelf(review: KubeObject, context: ReviewContext): KubeObject {
  const creationTimestamp = new Date(context.now).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    ...review,
    metadata: { ...review.metadata, creationTimestamp },
    status: { userInfo: userInfo(context.user) },
  };
}

export function reviewToken(review: KubeObject, context: ReviewContext): KubeObject {
  const token: string = review.spec?.token ?? '';
  if (token === '') throw errors.badRequest('token is required for TokenReview in authentication');
  const asked: string[] = review.spec?.audiences ?? [];
  try {
    const found = context.authenticator.authenticateToken(
      token,
      asked.length > 0 ? asked : context.audiences,
    );
    return {
      ...review,
      status: { authenticated: true, user: userInfo(found.user), audiences: found.audiences },
    };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return { ...review, status: { user: {}, error: error.message } };
  }
}

/** authentication/v1 UserInfo. */
function userInfo({ name, uid, groups, extra }: UserInfo) {
  return {
    username: name,
    ...(uid ? { uid } : {}),
    ...(groups.length > 0 ? { groups } : {}),
    ...(extra && Object.keys(extra).length > 0 ? { extra } : {}),
  };
}

import { messageOf } from '@sampan/base';

/** Why a webhook could not be asked, in the words of Go's client, which tools look for. */
export class CallError extends Error {
  /** An answer that is no success (client-go rest Request.transformResponse, NewGenericServerResponse). */
  static ofStatus(status: number, body: string): CallError {
    const known = ANSWERS[status];
    if (known !== undefined) return new CallError(known);
    if (status >= 500) {
      const text = body.trim() === '' ? 'unknown' : body.trim().slice(0, MAX_QUOTED);
      return new CallError(
        `an error on the server (${JSON.stringify(text)}) has prevented the request from succeeding`,
      );
    }
    return new CallError(
      `the server responded with the status code ${status} but did not return more information`,
    );
  }
}

const MAX_QUOTED = 2048;

const ANSWERS: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  403: 'unknown',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  415: 'the server was unable to respond with a content type that the client supports',
  429: 'the server has received too many requests and has asked us to try again later',
};

/** By the code of Node's error. */
const FAILURES: Readonly<Record<string, (at: string) => string>> = {
  ECONNREFUSED: (at) => `dial tcp ${at}: connect: connection refused`,
  EHOSTUNREACH: (at) => `dial tcp ${at}: connect: no route to host`,
  ENETUNREACH: (at) => `dial tcp ${at}: connect: network is unreachable`,
  ETIMEDOUT: (at) => `dial tcp ${at}: i/o timeout`,
  ECONNRESET: () => 'EOF',
  EPROTO: () => 'http: server gave HTTP response to HTTPS client',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: () => 'x509: certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: () => 'x509: certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: () => 'x509: certificate signed by unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: () => 'x509: certificate signed by unknown authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: () => 'x509: certificate signed by unknown authority',
  CERT_SIGNATURE_FAILURE: () => 'x509: certificate signed by unknown authority',
  CERT_HAS_EXPIRED: () => 'x509: certificate has expired or is not yet valid',
};

/** Why a connection failed, as Go would say it. */
export function failureText(error: unknown): string {
  const { code, address, port } = error as { code?: string; address?: string; port?: number };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `x509: ${messageOf(error)}`;
  const words = code === undefined ? undefined : FAILURES[code]?.(`${address}:${port}`);
  return words ?? messageOf(error);
}

export function transportFailure(call: string, error: unknown, late: boolean): CallError {
  return new CallError(`${call}: ${late ? 'context deadline exceeded' : failureText(error)}`);
}

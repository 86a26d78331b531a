/**
 * The corpus is data: scenarios, each a list of HTTP requests sent one after the other to one server.
 * A scenario owns the names it uses (its own namespace, `sc-NAME`, or prefixed cluster-scoped names), so
 * scenarios do not see each other and any of them can be run alone.
 */

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'HEAD';

/** JSON-like value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An object to send. Looser than `Json`, so that corpora may leave members `undefined`. */
export type Body = { readonly [key: string]: unknown } | readonly unknown[];

/** Changes to an object: path with `/` between parts (`~1` for a slash in a part) → value; undefined removes. */
export type Changes = Readonly<Record<string, unknown>>;

/** Who asks. `admin` is the client certificate in system:masters. */
export type Login = 'admin' | 'anonymous' | { readonly token: string };

/** One request. Texts may name captured variables as `%{name}`. */
export interface Step {
  /** Unique in its scenario; says what is special about the request. */
  readonly name: string;
  readonly method: Method;
  /** Path and query, percent-encoded where needed. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: Body;
  /** Sent as JSON instead of `body`: an object kept by an earlier step (`keep`), with changes made. */
  readonly change?: { readonly object: string; readonly changes: Changes };
  /** Keeps the whole answer, as it came, under this name for later steps' `change`. */
  readonly keep?: string;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string;
  /** Content-Type of the body; default `application/json`. */
  readonly type?: string;
  readonly login?: Login;
  /** Impersonated user and groups. */
  readonly as?: { readonly user: string; readonly groups?: readonly string[] };
  /** A watch: the number of events read before the client hangs up (or the server ends the stream). */
  readonly events?: number;
  /** Events or items are in no order (what upstream answers from its cache without a version): sort them. */
  readonly sorted?: true;
  /** A list in the answer whose items are compared by their `name`, not by their place. */
  readonly byName?: string;
  /** Variables taken from the answer: name → path such as `metadata.resourceVersion` or `items.0.metadata.uid`. */
  readonly capture?: Readonly<Record<string, string>>;
  /** Parts of the answer that are not compared, as paths such as `/body/status/**`. */
  readonly ignore?: readonly string[];
  /** Sent for its effect only; the answer is not recorded. A `POST` may find the object there already. */
  readonly prepare?: true;
  /** Not sent to the oracle, which needs no such preparation. */
  readonly oursOnly?: true;
  /** The only parts of the body that are recorded and compared, as paths such as `components/schemas/X`. */
  readonly pick?: readonly string[];
  /** Sent again (every 100 ms for at most 10 s) until the answer has this status. */
  readonly until?: number;
}

/** A story of requests in one area. */
export interface Scenario {
  readonly name: string;
  readonly steps: readonly Step[];
  /**
   * Texts replaced in requests to the oracle and back in its answers, as [ours, oracle's]: an API that the
   * oracle still serves as a beta, e.g. `['policy/v1', 'policy/v1beta1']`.
   */
  readonly spelled?: readonly (readonly [ours: string, oracles: string])[];
}

/** The answer to one step, normalized. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
}

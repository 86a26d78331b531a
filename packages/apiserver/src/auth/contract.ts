/**
 * Who asks and may they: the interfaces between the request handler and `auth/`. Sources: Kubernetes docs
 * "Authenticating" and "Authorization Overview", apiserver pkg/authentication/user, pkg/authorization/authorizer.
 */
export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What the connection and the headers tell of the caller. */
export interface Credentials {
  /** The verified client certificate's subject, when the TLS listener accepted one of the cluster's CA. */
  readonly certificate?: ClientCertificate;
  /** The bearer token of the Authorization header or the WebSocket subprotocol. */
  readonly token?: string;
}

export interface ClientCertificate {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly uid?: string;
  /** SHA-256 of the certificate, lower-case hex: becomes extra `authentication.kubernetes.io/credential-id`. */
  readonly fingerprint: string;
  /** When it was made, milliseconds since the epoch; absent: nobody knows. */
  readonly issuedAt?: number;
}

export interface Authenticator {
  /**
   * The user; undefined when there are no credentials of a kind it knows (then anonymous). Throws an
   * `Unauthorized` StatusError when credentials are given but do not hold.
   */
  authenticate(credentials: Credentials): UserInfo | Promise<UserInfo | undefined> | undefined;
}

export interface Attributes {
  readonly user: UserInfo;
  /** API verb, or the lower-case HTTP method for a path that is not a resource. */
  readonly verb: string;
  readonly isResource: boolean;
  /** '' when absent. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** The path, for what is not a resource. */
  readonly path: string;
  /** As sent, of list, watch and deletecollection; only the Node authorizer looks at it. */
  readonly fieldSelector?: string;
}

export interface Decision {
  readonly allowed: boolean;
  /** Explicitly denied: later authorizers are not asked. */
  readonly denied?: boolean;
  readonly reason: string;
}

export interface Authorizer {
  /** From memory, synchronously; must not throw. */
  authorize(attributes: Attributes): Decision;
}

/** What a user may do in a namespace, as far as an authorizer can list it (SelfSubjectRulesReview). */
export interface ResolvedRules {
  readonly resourceRules: readonly ResourceRule[];
  readonly nonResourceRules: readonly NonResourceRule[];
  /** There may be more that cannot be listed. */
  readonly incomplete: boolean;
  /** '' when nothing went wrong. */
  readonly evaluationError: string;
}

export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface NonResourceRule {
  readonly verbs: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

export interface RuleResolver {
  rulesFor(user: UserInfo, namespace: string): ResolvedRules;
}

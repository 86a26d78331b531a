/** Where the registry keeps its blobs in place of the home's disk: a bucket of S3 or what is compatible with it. */
export interface HubBucketSettings {
  readonly bucket: string;
  readonly region: string;
  /** `https://HOST[:PORT]`; default: Amazon's of the region. */
  readonly endpoint?: string;
  /** Before all keys; ends in `/`. */
  readonly prefix?: string;
  /** `HOST/BUCKET` rather than `BUCKET.HOST`; default: with an endpoint. */
  readonly pathStyle?: boolean;
  /** Whether clients are sent to the bucket for blobs, by signed URLs; default true. */
  readonly redirects?: boolean;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isFlag = (value: unknown): boolean => typeof value === 'boolean';

const CHECKS: Readonly<Record<keyof HubBucketSettings, (value: unknown) => boolean>> = {
  bucket: isText,
  region: isText,
  endpoint: (value) => isText(value) && URL.canParse(String(value)),
  prefix: (value) => isText(value) && String(value).endsWith('/'),
  pathStyle: isFlag,
  redirects: isFlag,
};

export function isHubBucket(value: unknown): value is HubBucketSettings {
  if (typeof value !== 'object' || value === null) return false;
  const known = Object.entries(value).every(
    ([name, found]) => Object.hasOwn(CHECKS, name) && CHECKS[name as keyof HubBucketSettings](found),
  );
  return known && 'bucket' in value && 'region' in value;
}

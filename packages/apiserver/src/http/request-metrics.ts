import type { RequestInfo } from './request-info.ts';

/** Upper bounds of the latency buckets, in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** At most so many label sets are told apart; later ones are counted as `other`, so clients cannot grow memory. */
const MOST_SERIES = 5000;

/** Upstream's long-running requests (kube-apiserver's BasicLongRunningRequestCheck): they have no latency. */
const LONG_RUNNING = new Set(['attach', 'exec', 'proxy', 'log', 'portforward']);

const goesOn = ({ verb, subresource }: RequestInfo): boolean =>
  verb === 'watch' || verb === 'proxy' || LONG_RUNNING.has(subresource);

interface Series {
  readonly labels: string;
  readonly latency: Latency | undefined;
  count: number;
}

interface Latency {
  readonly buckets: Uint32Array;
  sum: number;
  count: number;
}

/** Counts and times requests, in Prometheus' terms and upstream's names. */
export class RequestMetrics {
  readonly #series = new Map<string, Series>();
  readonly #latencies = new Map<string, Latency>();
  #inFlight = 0;

  begin(): void {
    this.#inFlight++;
  }

  end(info: RequestInfo | undefined, code: number, ms: number): void {
    this.#inFlight--;
    const key = info
      ? `${info.verb} ${info.group} ${info.version} ${info.resource} ${info.subresource} ${code}`
      : `? ${code}`;
    const series = this.#series.getOrInsertComputed(key, () => this.#newSeries(info, code));
    series.count++;
    // what goes on by itself lasts as long as it lasts
    if (series.latency) observe(series.latency, ms / 1000);
  }

  #newSeries(info: RequestInfo | undefined, code: number): Series {
    const known = info !== undefined && this.#series.size < MOST_SERIES;
    const group = known && info.isResource ? info : undefined;
    const labels = `verb="${known ? info.verb.toUpperCase() : 'OTHER'}",group="${group?.group ?? ''}",version="${group?.version ?? ''}",resource="${group?.resource ?? ''}",subresource="${group?.subresource ?? ''}"`;
    const safe = labels.replace(/[\n\\]/g, '_');
    const latency = info && goesOn(info) ? undefined : this.#latencies.getOrInsertComputed(safe, newLatency);
    return { labels: `${safe},code="${code}"`, latency, count: 0 };
  }

  /** The text of `/metrics`. */
  render(): string {
    const lines = [
      '# HELP apiserver_request_total Requests answered.',
      '# TYPE apiserver_request_total counter',
    ];
    for (const { labels, count } of this.#series.values())
      lines.push(`apiserver_request_total{${labels}} ${count}`);
    lines.push(
      '# HELP apiserver_current_inflight_requests Requests being answered, watches included.',
      '# TYPE apiserver_current_inflight_requests gauge',
      `apiserver_current_inflight_requests ${this.#inFlight}`,
      '# HELP apiserver_request_duration_seconds Time from a request to its answer.',
      '# TYPE apiserver_request_duration_seconds histogram',
    );
    for (const [labels, latency] of this.#latencies) {
      let seen = 0;
      BUCKETS.forEach((bound, index) => {
        seen += latency.buckets[index] as number;
        lines.push(`apiserver_request_duration_seconds_bucket{${labels},le="${bound}"} ${seen}`);
      });
      lines.push(
        `apiserver_request_duration_seconds_bucket{${labels},le="+Inf"} ${latency.count}`,
        `apiserver_request_duration_seconds_sum{${labels}} ${latency.sum.toFixed(6)}`,
        `apiserver_request_duration_seconds_count{${labels}} ${latency.count}`,
      );
    }
    return `${lines.join('\n')}\n`;
  }
}

const newLatency = (): Latency => ({ buckets: new Uint32Array(BUCKETS.length), sum: 0, count: 0 });

function observe(latency: Latency, seconds: number): void {
  latency.sum += seconds;
  latency.count++;
  const index = BUCKETS.findIndex((bound) => seconds <= bound);
  if (index >= 0) latency.buckets[index] = (latency.buckets[index] as number) + 1;
}

import type { Metric, Sample } from './text.ts';

/** Upper bounds in seconds: from a manifest out of memory to a blob over a slow line. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600];

/** What a connection carried for a request, headers included; bytes. */
export interface Traffic {
  readonly received: number;
  readonly sent: number;
}

interface Latency {
  readonly buckets: Uint32Array;
  sum: number;
  count: number;
}

/** Counts and times requests. Its labels have few values each, whatever clients send. */
export class RequestMetrics {
  readonly #counts = new Map<string, { labels: Record<string, string>; value: number }>();
  readonly #latencies = new Map<string, Latency>();
  #inFlight = 0;
  #received = 0;
  #sent = 0;

  begin(): void {
    this.#inFlight += 1;
  }

  /** `operation` as `Operation` of the routes has them, or another of few. */
  end(operation: string, status: number, seconds: number, { received, sent }: Traffic): void {
    this.#inFlight -= 1;
    this.#received += received;
    this.#sent += sent;
    const code = String(status);
    const counted = this.#counts.getOrInsertComputed(`${operation} ${code}`, () => ({
      labels: { operation, code },
      value: 0,
    }));
    counted.value += 1;
    observe(this.#latencies.getOrInsertComputed(operation, newLatency), seconds);
  }

  metrics(): Metric[] {
    return [
      counter('sampan_hub_requests_total', 'Requests answered.', [...this.#counts.values()]),
      {
        name: 'sampan_hub_request_duration_seconds',
        type: 'histogram',
        help: 'Time from a request to the end of its answer.',
        samples: [...this.#latencies].flatMap(([operation, latency]) => histogram(operation, latency)),
      },
      {
        name: 'sampan_hub_requests_in_flight',
        type: 'gauge',
        help: 'Requests being answered.',
        samples: [{ value: this.#inFlight }],
      },
      counter('sampan_hub_received_bytes_total', 'Bytes that clients sent.', [{ value: this.#received }]),
      counter('sampan_hub_sent_bytes_total', 'Bytes sent to clients.', [{ value: this.#sent }]),
    ];
  }
}

export function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'counter', help, samples };
}

const newLatency = (): Latency => ({ buckets: new Uint32Array(BUCKETS.length), sum: 0, count: 0 });

function observe(latency: Latency, seconds: number): void {
  latency.sum += seconds;
  latency.count += 1;
  const index = BUCKETS.findIndex((bound) => seconds <= bound);
  if (index >= 0) latency.buckets[index] = (latency.buckets[index] ?? 0) + 1;
}

function histogram(operation: string, { buckets, sum, count }: Latency): Sample[] {
  let seen = 0;
  const bounded = BUCKETS.map((bound, index) => {
    seen += buckets[index] ?? 0;
    return { suffix: '_bucket', labels: { operation, le: String(bound) }, value: seen };
  });
  return [
    ...bounded,
    { suffix: '_bucket', labels: { operation, le: '+Inf' }, value: count },
    { suffix: '_sum', labels: { operation }, value: Number(sum.toFixed(6)) },
    { suffix: '_count', labels: { operation }, value: count },
  ];
}

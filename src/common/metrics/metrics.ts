import { Counter, Gauge, Registry } from 'prom-client';
import { describeMetrics, type LabelValue, type MetricDescription, type MetricName } from './metric-catalogue.js';

type Reading = number | Record<string, number>;

/**
 * What this instance counts and measures, for Prometheus. Every counter is there from the start, at zero: a rate can be
 * taken of its first event too.
 */
export class Metrics {
  private readonly registry = new Registry();
  private readonly counters = new Map<string, Counter>();
  private readonly readers = new Map<string, () => Reading>();

  constructor() {
    for (const metric of describeMetrics()) {
      if (metric.type === 'counter') this.counters.set(metric.name, this.makeCounter(metric));
      else this.makeGauge(metric);
    }
  }

  /** One more, or `by` more. `value`: of the metric's label, where it has one. */
  count<Name extends MetricName<'counter'>>(name: Name, value?: LabelValue<Name>, by = 1): void {
    const counter = this.counters.get(name)!;
    if (value === undefined) counter.inc(by);
    else counter.labels(value as string).inc(by);
  }

  /** `read` is called whenever the metrics are asked for: a number or, with a label, one for each of its values. */
  measure<Name extends MetricName<'gauge'>>(
    name: Name,
    read: () => [LabelValue<Name>] extends [never] ? number : Record<LabelValue<Name>, number>,
  ): void {
    this.readers.set(name, read as () => Reading);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  private makeCounter({ name, help, label }: MetricDescription): Counter {
    const counter = new Counter({ name, help, labelNames: label ? [label.name] : [], registers: [this.registry] });
    for (const value of label?.values ?? []) counter.labels(value).inc(0);
    return counter;
  }

  private makeGauge({ name, help, label }: MetricDescription): void {
    const { readers } = this;
    const gauge = new Gauge({
      name,
      help,
      registers: [],
      labelNames: label ? [label.name] : [],
      // Called with the gauge as `this`.
      collect() {
        const reading = readers.get(name)?.();
        if (reading === undefined) return;
        if (typeof reading === 'number') this.set(reading);
        else for (const [value, number] of Object.entries(reading)) this.labels(value).set(number);
      },
    });
    this.registry.registerMetric(gauge);
  }
}

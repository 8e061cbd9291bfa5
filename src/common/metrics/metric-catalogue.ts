import { errorCatalogue } from '../errors/error-catalogue.js';

interface Metric {
  type: 'counter' | 'gauge';
  help: string;
  /** Its values are all there are: nothing a person or a client chooses becomes one. */
  label?: { name: string; values: readonly string[] };
}

const KINDS = ['token', 'session', 'user', 'application', 'key'] as const;

/** Every metric of the service. Names may be added, and never renamed; the table in docs/operations.md is this one. */
export const metricCatalogue = {
  portcullis_revocation_staleness_seconds: {
    type: 'gauge',
    help: 'Time since the last confirming read of the deny-list began; +Inf before the first.',
  },
  portcullis_revocation_head_lag: {
    type: 'gauge',
    help: 'Lines of the log that this instance had not read yet when it looked last.',
  },
  portcullis_revocation_index_entries: {
    type: 'gauge',
    help: 'Entries of the deny-list in memory.',
    label: { name: 'kind', values: KINDS },
  },
  portcullis_revocation_index_bytes: { type: 'gauge', help: 'Memory that the deny-list takes.' },
  portcullis_revocation_reads_total: {
    type: 'counter',
    help: 'Reads of the log of revocations.',
    label: { name: 'result', values: ['confirmed', 'failed'] },
  },
  portcullis_revocation_listener_up: {
    type: 'gauge',
    help: '1 while hints of revocations arrive; 0 when the connection is lost, or REVOCATION_LISTEN is false.',
  },
  portcullis_revocation_listener_reconnects_total: {
    type: 'counter',
    help: 'How often the connection for hints was opened anew after it had been lost.',
  },
  portcullis_revocation_divergences_total: {
    type: 'counter',
    help: 'How often the database turned out to be another one, or an older state of itself.',
  },
  portcullis_revocations_put_back_total: {
    type: 'counter',
    help: 'Lines of the deny-list that the database had lost and this instance has put back.',
    label: { name: 'kind', values: KINDS },
  },
  portcullis_revocation_compare_differences_total: {
    type: 'counter',
    help: 'Lines that the full compare found to be missing.',
    label: { name: 'missing_from', values: ['memory', 'table'] },
  },
  portcullis_sign_ins_total: { type: 'counter', help: 'Sessions that were started.' },
  portcullis_refreshes_total: {
    type: 'counter',
    help: 'Refresh tokens that were presented, by what they got; `repeat`: the same token again, within REFRESH_GRACE.',
    label: {
      name: 'verdict',
      values: ['rotate', 'repeat', 'reused', 'ahead', 'ended', 'suspended', 'disabled', 'invalid'],
    },
  },
  portcullis_problems_total: {
    type: 'counter',
    help: 'Requests that were answered with an error, by its code: `revocation_unavailable` and `unavailable` are the 503s.',
    label: { name: 'code', values: Object.keys(errorCatalogue) },
  },
  portcullis_limits_reached_total: {
    type: 'counter',
    help: 'Attempts that a limit refused.',
    label: {
      name: 'limit',
      values: [
        'sign_in.account_source',
        'sign_in.source',
        'sign_in.account',
        'step_up.session',
        'register.source',
        'client.source',
      ],
    },
  },
  portcullis_purged_rows_total: {
    type: 'counter',
    help: 'Rows that this instance has purged.',
    label: { name: 'table', values: ['revocations', 'sessions', 'instances', 'audit_events', 'rate_limits'] },
  },
  portcullis_database_pool_connections: {
    type: 'gauge',
    help: 'Connections for requests; `waiting`: requests that wait for one.',
    label: { name: 'state', values: ['total', 'idle', 'waiting'] },
  },
  portcullis_password_queue_length: { type: 'gauge', help: 'Passwords that wait to be hashed or compared.' },
  portcullis_event_loop_delay_seconds: {
    type: 'gauge',
    help: 'How late the event loop was since it was asked last; quantile 1 is the longest.',
    label: { name: 'quantile', values: ['0.5', '0.99', '1'] },
  },
} as const satisfies Record<string, Metric>;

type Catalogue = typeof metricCatalogue;

/** The names of the metrics of one type. */
export type MetricName<Type extends Metric['type']> = {
  [Name in keyof Catalogue]: Catalogue[Name]['type'] extends Type ? Name : never;
}[keyof Catalogue];

/** The values of a metric's label; none where it has no label. */
export type LabelValue<Name extends keyof Catalogue> = Catalogue[Name] extends {
  label: { values: readonly (infer Value extends string)[] };
}
  ? Value
  : never;

/** One row of the reference table. */
export interface MetricDescription extends Metric {
  name: string;
}

export function describeMetrics(): MetricDescription[] {
  return Object.entries<Metric>(metricCatalogue).map(([name, metric]) => ({ name, ...metric }));
}

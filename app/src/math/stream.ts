import { MathError } from './error';
import { i64, u64 } from './integers';

/** Money on its way to the registered shares. Of `total` atoms, `floor(total * (t - start) / (end - start))` have dripped at `t`. */
export type Stream = Readonly<{ total: bigint; dripped: bigint; startTs: bigint; endTs: bigint; lastTs: bigint }>;

/** Atoms not emitted yet. */
export function undripped(stream: Stream): bigint {
    return stream.total > stream.dripped ? stream.total - stream.dripped : 0n;
}

function checkedUndripped(stream: Stream): bigint {
    return u64(stream.total - stream.dripped);
}

/** Moves a stream to `max(now, last)`: the stream after, and the atoms emitted. With nobody registered its line moves along. */
export function advance(stream: Stream, now: bigint, registered: bigint): { stream: Stream; emitted: bigint } {
    const left = checkedUndripped(stream);
    const t = now > stream.lastTs ? now : stream.lastTs;
    if (registered === 0n) {
        const elapsed = t - stream.lastTs;
        const moved = { ...stream, startTs: i64(stream.startTs + elapsed), endTs: i64(stream.endTs + elapsed), lastTs: t };
        return { stream: moved, emitted: 0n };
    }
    let emitted = left;
    if (t < stream.endTs) {
        if (t < stream.startTs) throw new MathError('StreamNotStarted');
        const line = (stream.total * (t - stream.startTs)) / (stream.endTs - stream.startTs);
        emitted = u64(line - stream.dripped);
    }
    return { stream: { ...stream, dripped: u64(stream.dripped + emitted), lastTs: t }, emitted };
}

/** Adds `amount` and draws a new line from the last time on; its end is the mean of the old and the amount's own, weighted by atoms. */
export function add(stream: Stream, amount: bigint, dripSeconds: bigint): Stream {
    if (amount === 0n) throw new MathError('ZeroAmount');
    if (dripSeconds < 0n) throw new MathError('NegativeDuration');
    const left = checkedUndripped(stream);
    const total = u64(left + amount);
    const t = stream.lastTs;
    const remaining = stream.endTs > t ? stream.endTs - t : 0n;
    const duration = (left * remaining + amount * dripSeconds) / total;
    return { total, dripped: 0n, startTs: t, endTs: i64(t + duration), lastTs: t };
}

/** After the last registered share has left: what is left waits. */
export function pause(stream: Stream): Stream {
    return { ...stream, total: undripped(stream), dripped: 0n, startTs: stream.lastTs };
}

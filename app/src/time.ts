/** Times and durations as people read them. Times are unix seconds of the cluster's clock, in UTC. */
import { parseAmount } from './amounts';

/** The time that never comes: how the program stores it. */
export const NEVER = (1n << 63n) - 1n;
const SECONDS = { year: 31_536_000n, day: 86_400n, hour: 3_600n, minute: 60n, second: 1n } as const;

export const DAY = SECONDS.day;
/** Days to the ten-thousandth: an hour can be said. */
const DAY_DECIMALS = 4;

/** Beyond what a calendar shows. */
const LAST_DATE = 253_402_300_799n;

export function formatTime(ts: bigint): string {
    if (ts === NEVER) return 'never';
    if (ts > LAST_DATE || ts < 0n) return `unix time ${ts}`;
    return `${new Date(Number(ts) * 1_000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** The two largest units: `3 days 4 hours`. */
export function formatDuration(seconds: bigint): string {
    if (seconds <= 0n) return '0 seconds';
    const parts: string[] = [];
    let left = seconds;
    for (const [unit, size] of Object.entries(SECONDS)) {
        const count = left / size;
        if (count > 0n && parts.length < 2) {
            parts.push(`${count} ${unit}${count === 1n ? '' : 's'}`);
            left -= count * size;
        } else if (parts.length > 0) break;
    }
    return parts.join(' ');
}

/** `in 3 days`, `2 hours ago`, `now`. */
export function formatRelative(ts: bigint, now: bigint): string {
    if (ts === NEVER) return 'never';
    if (ts > now) return `in ${formatDuration(ts - now)}`;
    return ts === now ? 'now' : `${formatDuration(now - ts)} ago`;
}

/** Seconds of days like `7` or `0.5`; null if the text is no number of days. */
export function parseDays(text: string): bigint | null {
    const parsed = parseAmount(text, DAY_DECIMALS);
    return 'problem' in parsed ? null : (parsed.atoms * DAY) / 10n ** BigInt(DAY_DECIMALS);
}

/** The value of a date-and-time field, which is read as UTC. */
export function parseTimeField(text: string): bigint | null {
    const milliseconds = Date.parse(`${text}Z`);
    return Number.isNaN(milliseconds) ? null : BigInt(Math.floor(milliseconds / 1_000));
}

export const timeField = (ts: bigint): string => new Date(Number(ts) * 1_000).toISOString().slice(0, 16);

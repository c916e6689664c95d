/** Amounts between people and atoms: bigint end to end, nothing is ever rounded unnoticed. The one place for it. */
import { U64_MAX } from './math';

export type Parsed = { atoms: bigint } | { problem: string };

/** Atoms of an amount like `1000.25`, exactly, or what is wrong with the text. */
export function parseAmount(text: string, decimals: number): Parsed {
    const trimmed = text.trim();
    if (trimmed === '') return { problem: 'Write an amount, like 1.5' };
    if (/^[+\-\u2212]/.test(trimmed)) return { problem: 'An amount has no sign' };
    if (/[,_' \u00a0\u202f]/.test(trimmed)) return { problem: 'Write 1000.25 without separators between digits' };
    const match = /^(\d+)(?:\.(\d+))?$/.exec(trimmed);
    if (!match) return { problem: 'Use digits and at most one point between them, like 1.5' };
    const fraction = (match[2] ?? '').replace(/0+$/, '');
    if (fraction.length > decimals) {
        return { problem: decimals === 0 ? 'Only whole units exist' : `At most ${decimals} decimals exist` };
    }
    const atoms = BigInt(match[1]! + fraction.padEnd(decimals, '0'));
    return atoms > U64_MAX ? { problem: 'The amount is larger than any that can exist' } : { atoms };
}

/** Basis points of a percentage like `2.5`. */
export function parsePercent(text: string): { bps: number } | { problem: string } {
    const parsed = parseAmount(text.replace(/%\s*$/, ''), 2);
    if ('problem' in parsed) return parsed;
    return parsed.atoms > 10_000n ? { problem: 'At most 100%' } : { bps: Number(parsed.atoms) };
}

function split(atoms: bigint, decimals: number): [whole: string, fraction: string] {
    const digits = atoms.toString().padStart(decimals + 1, '0');
    return [digits.slice(0, digits.length - decimals), digits.slice(digits.length - decimals)];
}

const join = (whole: string, fraction: string) => (fraction === '' ? whole : `${whole}.${fraction}`);
const group = (digits: string) => digits.replace(/\B(?=(\d{3})+$)/g, ',');

/** The shortest exact text that `parseAmount` reads back: `1000.25`. */
export function plainAmount(atoms: bigint, decimals: number): string {
    const [whole, fraction] = split(atoms, decimals);
    return join(whole, fraction.replace(/0+$/, ''));
}

/** The shortest exact text for people: `1,000.25`. */
export function formatAmount(atoms: bigint, decimals: number): string {
    const sign = atoms < 0n ? '\u2212' : '';
    const [whole, fraction] = split(atoms < 0n ? -atoms : atoms, decimals);
    return sign + join(group(whole), fraction.replace(/0+$/, ''));
}

/** With a sign in front, for what changes. */
export const formatChange = (atoms: bigint, decimals: number): string =>
    atoms > 0n ? `+${formatAmount(atoms, decimals)}` : formatAmount(atoms, decimals);

/** A part of a whole in percent with two decimals, rounded down. */
export function formatPart(part: bigint, whole: bigint): string {
    const bps = whole === 0n ? 0n : (part * 10_000n) / whole;
    return `${group((bps / 100n).toString())}.${(bps % 100n).toString().padStart(2, '0')}%`;
}

export const formatBps = (bps: number): string => `${plainAmount(BigInt(Math.abs(bps)), 2)}%`;

/**
 * What wallets show for `atoms` of a mint with a UI multiplier. Token-2022 itself computes this in doubles and cuts; it is shown beside the
 * exact amount and nothing is ever computed from it.
 */
export function walletAmount(atoms: bigint, decimals: number, multiplier: number): string {
    const shown = Math.trunc(Number(atoms) * multiplier) / 10 ** decimals;
    return shown.toLocaleString('en-US', { maximumFractionDigits: decimals });
}

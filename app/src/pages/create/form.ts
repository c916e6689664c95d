/** What the create form holds, and what it means. */
import { isAddress } from '@solana/kit';
import { parseAmount, plainAmount } from '../../amounts';
import type { Mint } from '../../chain/mints';
import { MIN_AUTHORISED } from '../../math';
import { DAY, NEVER, parseDays, parseTimeField } from '../../time';
import type { Draft } from '../../transactions/plans/create';

export type Form = {
    kind: '0' | '1' | '2';
    name: string;
    symbol: string;
    uri: string;
    decimals: string;
    authorised: string;
    initial: string;
    policy: '0' | '1';
    payoutMint: string;
    dripDays: string;
    noticeDays: string;
    redeem: 'never' | 'from';
    redeemFrom: string;
    agreement: string;
};

export const EMPTY: Form = {
    kind: '1',
    name: '',
    symbol: '',
    uri: '',
    decimals: '6',
    authorised: '1000000',
    initial: '600000',
    policy: '0',
    payoutMint: '',
    dripDays: '7',
    noticeDays: '7',
    redeem: 'never',
    redeemFrom: '',
    agreement: '',
};

const bytes = (text: string) => new TextEncoder().encode(text).length;
const MOST_DAYS = 3_650n;
/** The shortest drip of an open security, seconds. */
const LEAST_DRIP = 3_600n;
const CONTROL = /\p{Cc}/u;

export const decimalsOf = (form: Form): number => (/^[0-9]$/.test(form.decimals) ? Number(form.decimals) : 6);

function atomsOf(text: string, decimals: number): bigint | null {
    const parsed = parseAmount(text, decimals);
    return 'problem' in parsed ? null : parsed.atoms;
}

function must(list: string[], holds: boolean, sentence: string): void {
    if (!holds) list.push(sentence);
}

/** What is wrong with each step, as sentences. */
export function problemsOf(form: Form, payout: Mint | undefined): { what: string[]; terms: string[] } {
    const what: string[] = [];
    const terms: string[] = [];
    must(what, form.name.trim() !== '' && bytes(form.name) <= 64 && !CONTROL.test(form.name), 'Give it a name of at most 64 bytes.');
    must(what, form.symbol.trim() !== '' && bytes(form.symbol) <= 16 && !CONTROL.test(form.symbol), 'Give it a symbol of at most 16 bytes.');
    must(what, bytes(form.uri) <= 200 && !/\s/.test(form.uri), 'The address of the document has at most 200 bytes and no spaces.');
    const decimals = decimalsOf(form);
    must(terms, /^[0-9]$/.test(form.decimals), 'A share has 0 to 9 decimals.');
    const [authorised, initial] = [atomsOf(form.authorised, decimals), atomsOf(form.initial, decimals)];
    const least = plainAmount(MIN_AUTHORISED, decimals);
    must(terms, authorised !== null && authorised >= MIN_AUTHORISED, `At least ${least} shares must be possible.`);
    must(terms, initial !== null && authorised !== null && initial <= authorised, 'The first shares are at most all that can exist.');
    must(terms, isAddress(form.payoutMint.trim()) && payout !== undefined, 'Choose the mint that holders are paid in.');
    const [drip, notice] = [parseDays(form.dripDays), parseDays(form.noticeDays)];
    must(terms, drip !== null && drip <= MOST_DAYS * DAY && (form.policy === '1' || drip >= LEAST_DRIP), 'Money drips over an hour (0.0417 days) to ten years.');
    must(terms, notice !== null && notice >= DAY && notice <= MOST_DAYS * DAY, 'The notice is a day to ten years.');
    must(terms, form.redeem === 'never' || parseTimeField(form.redeemFrom) !== null, 'Say from when shares can be redeemed.');
    must(terms, form.agreement === '' || /^[0-9a-f]{64}$/i.test(form.agreement), 'The checksum of an agreement has 64 hexadecimal digits.');
    return { what, terms };
}

/** The draft of a form without problems. */
export function draftOf(form: Form, index: number): Draft {
    const decimals = decimalsOf(form);
    const digest = form.agreement === '' ? '0'.repeat(64) : form.agreement;
    return {
        kind: Number(form.kind) as Draft['kind'],
        index,
        name: form.name.trim(),
        symbol: form.symbol.trim(),
        uri: form.uri.trim(),
        decimals,
        policy: Number(form.policy) as Draft['policy'],
        authorised: atomsOf(form.authorised, decimals) ?? 0n,
        initialShares: atomsOf(form.initial, decimals) ?? 0n,
        dripSeconds: parseDays(form.dripDays) ?? 0n,
        noticeSeconds: parseDays(form.noticeDays) ?? 0n,
        redeemAfterTs: form.redeem === 'never' ? NEVER : (parseTimeField(form.redeemFrom) ?? NEVER),
        agreementSha256: Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(digest.slice(2 * i, 2 * i + 2), 16)),
    };
}

/** A wallet's history as a table for a spreadsheet. */
import type { Address, Signature } from '@solana/kit';
import { formatTime } from '../time';
import { csvOf, type Cell } from './csv';
import { sentenceOf } from './event-sentences';
import type { ProgramEvent } from './history';
import { readPage, wordsFor, type Page } from './history-pages';
import { symbolIn } from './names';

const HEADING = ['time (UTC)', 'share mint', 'symbol', 'event', 'what happened', 'amounts in atoms', 'transaction'];

/** Every field of an event that counts atoms, by name. */
const atomsIn = (event: ProgramEvent['event']): string =>
    Object.entries(event)
        .flatMap(([name, value]) => (name.endsWith('Atoms') && typeof value === 'bigint' ? [`${name}=${value}`] : []))
        .join(' ');

const rowsOf = (page: Page): Cell[][] =>
    page.entries.map(({ signature, happened }) => {
        const security = page.securities.get(happened.event.security);
        return [
            formatTime(happened.event.ts),
            security?.mint ?? '',
            security ? symbolIn(page.names, security.mint) : '',
            happened.name,
            sentenceOf(happened, wordsFor(page, security)),
            atomsIn(happened.event),
            signature,
        ];
    });

/** All of a wallet's history, newest first, as CSV. */
export async function statementCsv(wallet: Address, isWanted: (happened: ProgramEvent) => boolean): Promise<string> {
    const rows: Cell[][] = [HEADING];
    let before: Signature | null = null;
    do {
        // Each page begins where the one before ended.
        // oxlint-disable-next-line no-await-in-loop
        const page: Page = await readPage(wallet, before, isWanted);
        rows.push(...rowsOf(page));
        before = page.before;
    } while (before !== null);
    return csvOf(rows);
}

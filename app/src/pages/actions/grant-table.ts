/** A table of grants as people paste it: a wallet and a number of shares a line. */
import { isAddress, type Address } from '@solana/kit';
import { formatAmount, parseAmount } from '../../amounts';
import type { Grant } from '../../chain/accounts';
import { NOBODY } from '../../chain/addresses';
import type { GrantTerms } from '../../transactions/plans/grants';

export type GrantRow = { recipient: Address; amount: bigint };
type Schedule = Omit<GrantTerms, 'id' | 'recipient' | 'amount'>;

/** Most rows of a table: a wallet asks for a signature every few of them. */
export const MOST_ROWS = 500;
/** What stands between columns in files and in what spreadsheets copy. */
const BETWEEN = /[\t,;]| +/;

/** Rows, and what is wrong, by line. A first line that names no wallet is a heading. */
export function readGrantTable(text: string, decimals: number): { rows: GrantRow[]; problems: string[] } {
    const rows: GrantRow[] = [];
    const problems: string[] = [];
    const lines = text.split(/\r?\n/).map((line) => line.trim());
    const first = lines.findIndex((line) => line !== '');
    for (const [i, line] of lines.entries()) {
        if (line === '') continue;
        const [wallet = '', amount = '', ...rest] = line.split(BETWEEN).filter((column) => column !== '');
        if (i === first && /^[a-z]+$/i.test(wallet) && !isAddress(wallet)) continue;
        const parsed = parseAmount(amount, decimals);
        if (!isAddress(wallet)) problems.push(`Line ${i + 1}: it does not begin with a Solana address`);
        else if (rest.length > 0) problems.push(`Line ${i + 1}: a wallet and one amount, like 1000.25 without separators between digits`);
        else if ('problem' in parsed) problems.push(`Line ${i + 1}: ${parsed.problem}`);
        else if (parsed.atoms === 0n) problems.push(`Line ${i + 1}: the amount must be above ${formatAmount(0n, decimals)}`);
        else rows.push({ recipient: wallet, amount: parsed.atoms });
    }
    if (rows.length > MOST_ROWS) problems.push(`At most ${MOST_ROWS} lines at once`);
    return { rows, problems };
}

/** Whether a grant is what a row asks for: then a table that was begun before goes on where it stopped. */
const isMade = (grant: Grant, row: GrantRow, schedule: Schedule): boolean =>
    grant.recipient === row.recipient &&
    grant.amountAtoms === row.amount &&
    grant.startTs === schedule.startTs &&
    grant.cliffTs === schedule.cliffTs &&
    grant.endTs === schedule.endTs &&
    (grant.revocable === 1) === schedule.revocable &&
    grant.approver === (schedule.milestone?.approver ?? NOBODY);

/** The grants that are left to make, each with the first number that its recipient has free. */
export function leftToMake(rows: readonly GrantRow[], schedule: Schedule, open: readonly Grant[]): { left: GrantTerms[]; made: number } {
    const found = [...open];
    const taken = new Set(open.map((grant) => `${grant.recipient}/${grant.id}`));
    const left: GrantTerms[] = [];
    for (const row of rows) {
        const at = found.findIndex((grant) => isMade(grant, row, schedule));
        if (at >= 0) {
            found.splice(at, 1);
            continue;
        }
        let id = 0n;
        while (taken.has(`${row.recipient}/${id}`)) id += 1n;
        taken.add(`${row.recipient}/${id}`);
        left.push({ id, ...row, ...schedule });
    }
    return { left, made: rows.length - left.length };
}

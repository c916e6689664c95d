import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address } from '@solana/kit';
import type { Grant } from '../../src/chain/accounts';
import { NOBODY } from '../../src/chain/addresses';
import { leftToMake, readGrantTable } from '../../src/pages/actions/grant-table';

const ANNE = address('So11111111111111111111111111111111111111112');
const BEN = address('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v');
const schedule = { startTs: 10n, cliffTs: 20n, endTs: 30n, revocable: true, milestone: null };
const grant = (recipient: string, id: bigint, amountAtoms: bigint) =>
    ({ recipient, id, amountAtoms, startTs: 10n, cliffTs: 20n, endTs: 30n, revocable: 1, approver: NOBODY }) as Grant;

test('tables are read as files and spreadsheets write them, with a heading or without', () => {
    const rows = [{ recipient: ANNE, amount: 1_250n }, { recipient: BEN, amount: 7_000n }];
    for (const text of [`recipient,amount\n${ANNE},1.25\n${BEN}, 7`, `${ANNE}\t1.25\r\n\r\n${BEN}\t7\r\n`, `${ANNE};1.25\n${BEN};7`, `${ANNE} 1.25\n${BEN} 7`]) {
        assert.deepEqual(readGrantTable(text, 3), { rows, problems: [] });
    }
});

test('what is wrong is named by its line, and nothing is guessed', () => {
    const { rows, problems } = readGrantTable(`${ANNE},1\nnobody,5\n${BEN},1,000\n${BEN},0\n${BEN},1.2345`, 3);
    assert.equal(rows.length, 1);
    assert.deepEqual(problems.map((problem) => problem.slice(0, 6)), ['Line 2', 'Line 3', 'Line 4', 'Line 5']);
});

test('a table that was begun goes on where it stopped, and uses no number twice', () => {
    const rows = [
        { recipient: ANNE, amount: 1n },
        { recipient: ANNE, amount: 1n },
        { recipient: BEN, amount: 2n },
        { recipient: BEN, amount: 3n },
    ];
    const { left, made } = leftToMake(rows, schedule, [grant(ANNE, 0n, 1n), grant(BEN, 1n, 3n), grant(BEN, 0n, 9n)]);
    assert.equal(made, 2);
    assert.deepEqual(left.map(({ recipient, id, amount }) => [recipient, id, amount]), [[ANNE, 1n, 1n], [BEN, 2n, 2n]]);
});

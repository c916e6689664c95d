import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvOf } from '../../src/chain/csv';

test('cells keep what they hold', () => {
    assert.equal(csvOf([['a', 'b, c', 'say "d"'], ['', 'e\nf', '1.5']]), 'a,"b, c","say ""d"""\r\n,"e\nf",1.5\r\n');
});

test('no cell is a formula', () => {
    for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1']) assert.ok(csvOf([[text]]).startsWith("'"), text);
    assert.equal(csvOf([['=HYPERLINK("x")']]), `"'=HYPERLINK(""x"")"\r\n`);
});

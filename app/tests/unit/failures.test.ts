import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PROGRAM_ERRORS } from '../../src/generated/error-sentences';
import { ofTransactionError, REMEDIES } from '../../src/transactions/failure';
import { ofThrown, ofWallet } from '../../src/transactions/trouble';

type Idl = { errors: { code: number; name: string; msg: string }[] };
const idl = JSON.parse(readFileSync(new URL('../../../idl/upside.json', import.meta.url), 'utf8')) as Idl;

test('every error of the program has its own sentence', () => {
    assert.deepEqual(Object.keys(PROGRAM_ERRORS).map(Number), idl.errors.map(({ code }) => code));
    for (const { code, name, msg } of idl.errors) {
        const failure = ofTransactionError({ InstructionError: [2, { Custom: code }] });
        assert.equal(failure.sentence, `${msg}.`);
        assert.ok(failure.detail?.includes(name));
    }
});

test('every remedy belongs to an error that exists', () => {
    const names = new Set(idl.errors.map(({ name }) => name));
    for (const name of Object.keys(REMEDIES)) assert.ok(names.has(name), name);
});

test('errors of the network and of token programs are sentences', () => {
    assert.match(ofTransactionError('AccountNotFound').sentence, /no SOL/);
    assert.match(ofTransactionError({ InsufficientFundsForRent: { account_index: 0 } }).sentence, /too little SOL/);
    assert.match(ofTransactionError({ InstructionError: [1n, { Custom: 67n }] }).sentence, /paused/);
    assert.match(ofTransactionError({ InstructionError: [1, 'InvalidAccountData'] }).detail ?? '', /InvalidAccountData/);
    assert.match(ofTransactionError({ InstructionError: [1, { Custom: 4_242 }] }).sentence, /refused/);
});

test('refusals of wallets are told apart', () => {
    for (const [error, sentence] of [
        [{ code: 4_001, message: 'User rejected the request.' }, /You declined/],
        [new Error('Transaction cancelled'), /You declined/],
        [{ code: 4_100, message: 'Unauthorized' }, /no longer connected/],
        [new Error('Wallet is locked'), /locked/],
        [{ code: 4_901, message: 'x' }, /another network/],
        [{ code: -32_002, message: 'Request pending' }, /another request open/],
        [new Error('what <b>is</b> this\u202E'), /did not sign/],
        [undefined, /did not sign/],
    ] as const) {
        assert.match(ofWallet(error, 'Phantom').sentence, sentence);
    }
    assert.equal(ofWallet(new Error('odd\u202E'), 'W').detail, 'odd\ufffd');
});

test('a silent server is named as such', () => {
    assert.match(ofThrown(new TypeError('Failed to fetch')).sentence, /does not answer/);
    assert.equal(ofThrown(new Error('No security.')).sentence, 'No security.');
});

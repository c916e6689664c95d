import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address, getAddressEncoder, getU32Encoder, lamports, type Address } from '@solana/kit';
import { descriptionOf, TOKEN_METADATA } from '../../src/chain/addresses';
import { decodeDescription } from '../../src/chain/description';

const USDC = address('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v');
const OTHER = address('So11111111111111111111111111111111111111112');
const text = (value: string, padded: number) => {
    const bytes = new Uint8Array(padded);
    bytes.set(new TextEncoder().encode(value));
    return [...getU32Encoder().encode(padded), ...bytes];
};
const account = (data: number[], owner: Address = TOKEN_METADATA) => ({
    address: OTHER,
    owner,
    lamports: lamports(1n),
    executable: false,
    data: Uint8Array.from(data),
});
const about = [4, ...new Uint8Array(32), ...getAddressEncoder().encode(USDC)];
const whole = [...about, ...text('USD Coin', 32), ...text('USDC', 10), ...text('', 200), 0, 0];

test('the description of a mint is found where Token Metadata keeps it', async () => {
    // As the chain has it for USDC.
    assert.equal(await descriptionOf(USDC), '5x38Kp4hvdomTCnCrAny4UtMUt5rQBdB6px2K1Ui45Wq');
});

test('a padded description is read to where its texts end', () => {
    assert.deepEqual(decodeDescription(account(whole), USDC), { name: 'USD Coin', symbol: 'USDC', uri: '' });
});

test('what is about another mint, belongs to another program, is of another kind or cut off says nothing', () => {
    assert.equal(decodeDescription(account(whole), OTHER), null);
    assert.equal(decodeDescription(account(whole, OTHER), USDC), null);
    assert.equal(decodeDescription(account([6, ...whole.slice(1)]), USDC), null);
    assert.equal(decodeDescription(account(whole.slice(0, 80)), USDC), null);
    assert.equal(decodeDescription(account([...about, ...getU32Encoder().encode(4_000_000_000)]), USDC), null);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address } from '@solana/kit';
import { ataOf, mintOf, securityOf, TOKEN } from '../../src/chain/addresses';

test('addresses are those that the program derives', async () => {
    const issuer = address('3eR1SHjfp6pxpB4Sv4w5Si55Ummzo7zpzP4Wa7dAvWv7');
    const mint = await mintOf(issuer, 1, 0);
    assert.equal(mint, 'CYv2Dk2aZdiQkYLVtTebfqLkRMHejPsjDJKDAFDurmyK');
    assert.equal(await securityOf(mint), 'EgMEEf46TEuc6aVZENtQmy8q56XKLKsK9cn32SA8WZDe');
    assert.notEqual(await mintOf(issuer, 1, 256), mint);
});

test('the associated token account is the one that the network creates', async () => {
    const owner = address('3aUkGb6KsScxZvWYPjubVR5NJ2UZXtyNnEwUqwESs53b');
    const payout = address('3ZJyncR236y12NnDVbQW7SJPyd2G1mysNw1vdnMNDhxd');
    assert.equal(await ataOf(owner, payout, TOKEN), '52WHbPo2JwiJNihBj59H6Uup2k9JTaFmFp47FdetjVwG');
});

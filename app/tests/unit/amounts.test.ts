import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAmount, formatChange, formatPart, parseAmount, parsePercent, plainAmount, walletAmount } from '../../src/amounts';

const atomsOf = (text: string, decimals: number) => {
    const parsed = parseAmount(text, decimals);
    assert.ok('atoms' in parsed, text);
    return parsed.atoms;
};

test('amounts are read exactly', () => {
    assert.equal(atomsOf('1000.25', 6), 1_000_250_000n);
    assert.equal(atomsOf(' 0.000001 ', 6), 1n);
    assert.equal(atomsOf('1.500000000', 6), 1_500_000n);
    assert.equal(atomsOf('18446744073709.551615', 6), (1n << 64n) - 1n);
    assert.equal(atomsOf('7', 0), 7n);
});

test('what is no amount is refused with a reason, never rounded', () => {
    for (const [text, decimals, reason] of [
        ['', 6, /Write an amount/],
        ['-1', 6, /no sign/],
        ['\u22121', 6, /no sign/],
        ['1,000', 6, /without separators/],
        ['1.', 6, /digits/],
        ['.5', 6, /digits/],
        ['1e3', 6, /digits/],
        ['0x10', 6, /digits/],
        ['Infinity', 6, /digits/],
        ['0.0000001', 6, /At most 6 decimals/],
        ['1.5', 0, /Only whole units/],
        ['18446744073709.551616', 6, /larger than any/],
    ] as const) {
        const parsed = parseAmount(text, decimals);
        assert.ok('problem' in parsed && reason.test(parsed.problem), text);
    }
});

test('every amount that is shown plainly is read back', () => {
    for (let i = 0n; i < 64n; i += 1n) {
        for (const decimals of [0, 1, 6, 9]) {
            const atoms = (1n << i) + i;
            assert.equal(atomsOf(plainAmount(atoms, decimals), decimals), atoms);
        }
    }
});

test('people see groups, signs and parts', () => {
    assert.equal(formatAmount(1_234_567_890n, 6), '1,234.56789');
    assert.equal(formatAmount(-1_500_000n, 6), '\u22121.5');
    assert.equal(formatChange(1_500_000n, 6), '+1.5');
    assert.equal(formatPart(1n, 3n), '33.33%');
    assert.equal(formatPart(0n, 0n), '0.00%');
    assert.deepEqual(parsePercent('2.5%'), { bps: 250 });
    assert.ok('problem' in parsePercent('100.01'));
});

test('what wallets show is cut as Token-2022 cuts it', () => {
    assert.equal(walletAmount(100_000_000n, 8, 1.25), '1.25');
    assert.equal(walletAmount(1n, 8, 0.5), '0');
});

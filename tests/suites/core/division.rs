//! Division of 128-bit numbers, which the machine has no instruction for: the toolchain's own routine, in a compiled program.

use anchor_lang::solana_program::instruction::{error::InstructionError, Instruction};
use hook::{DIVIDE, MISCOUNTED};
use rand::{rngs::StdRng, Rng, SeedableRng};
use upside_tests::{setup::hook_program, Refusal, TestContext};

/// As many cases as a transaction has room for.
const AT_ONCE: usize = 10;

/// Any width, and the numbers at which a digit or a carry is easily lost: long runs of ones and zeros at either end.
fn number(rng: &mut StdRng) -> u128 {
    let any = rng.gen::<u128>() >> rng.gen_range(0..128);
    let run = (1_u128 << rng.gen_range(0..128)) - 1;
    match rng.gen_range(0..7) {
        0 => any | run,
        1 => any & !run,
        2 => run,
        3 => run + 1,
        4 => !any,
        5 => !any | run,
        _ => any,
    }
}

fn case(dividend: u128, divisor: u128) -> Vec<u8> {
    let (signed_dividend, signed_divisor) = (dividend.cast_signed(), divisor.cast_signed());
    [
        dividend,
        divisor,
        dividend / divisor,
        dividend % divisor,
        signed_dividend.wrapping_div(signed_divisor).cast_unsigned(),
        signed_dividend.wrapping_rem(signed_divisor).cast_unsigned(),
    ]
    .iter()
    .flat_map(|number| number.to_le_bytes())
    .collect()
}

fn divide(cases: &[Vec<u8>]) -> Instruction {
    Instruction {
        program_id: hook_program(),
        accounts: Vec::new(),
        data: [&DIVIDE[..], &cases.concat()].concat(),
    }
}

#[test]
fn a_program_divides_as_the_machine_that_compiled_it() {
    let ctx = TestContext::without_signatures();
    ctx.load_hook_program();
    let mut rng = StdRng::seed_from_u64(128);
    let mut cases = vec![
        case(i128::MIN.cast_unsigned(), u128::MAX),
        case(u128::MAX, 1),
        case(0, u128::MAX),
    ];
    while cases.len() < 20_000 {
        let (dividend, divisor) = (number(&mut rng), number(&mut rng).max(1));
        cases.push(case(dividend, divisor));
        // Where the quotient changes.
        if let Some(multiple) = dividend.checked_mul(divisor) {
            cases.push(case(multiple, divisor));
            cases.push(case(multiple.wrapping_sub(1), divisor));
        }
    }
    for cases in cases.chunks(AT_ONCE) {
        ctx.send(&[divide(cases)], &[]);
    }
}

#[test]
fn a_program_that_divided_otherwise_would_be_noticed() {
    let ctx = TestContext::new();
    ctx.load_hook_program();
    for place in 2..6 {
        let mut wrong = case(u128::MAX / 3, u128::from(u64::MAX) + 2);
        wrong[place * 16] ^= 1;
        ctx.refuse(
            &[divide(&[wrong])],
            &[],
            Refusal::Plain(hook_program(), InstructionError::Custom(MISCOUNTED)),
        );
    }
}

/** Why the network or the program refused a transaction, as a sentence and what to do: the table of the program's errors, and the network's. */
import { PROGRAM_ERRORS } from '../generated/error-sentences';
import type { Failure } from './trouble';

/** What to do about refusals that a wallet holder meets; the sentence itself comes from the program. */
export const REMEDIES: Readonly<Record<string, string>> = {
    NotIssuer: 'Connect the wallet that is the issuer.',
    PersonIndexNotZero: 'This wallet has issued its personal token already.',
    AboveAuthorised: 'Choose a smaller amount; the security page shows what is left.',
    OthersHoldShares: 'Once others hold shares, new ones come by grants and rounds with notice.',
    NotPendingIssuer: 'Ask the issuer to propose this wallet first.',
    HolderNotApproved: 'Ask the issuer to approve the receiver first.',
    NoticeTooShort: 'Choose a later start: the notice is one of the terms.',
    NotEnoughShares: 'Choose a smaller amount, or register bearer shares first.',
    SameAccount: 'Choose another receiver.',
    NotAHolder: 'Check the address: it must be a wallet, not a token account or an account of this program.',
    PositionMissing: 'This wallet holds nothing of the security yet.',
    NothingToClaim: 'Wait until more has dripped, then claim.',
    PayoutAccountNotHolders: 'Choose a token account of the payout mint that this wallet owns and that is not frozen.',
    ClockBehindCheckpoint: 'The network\u2019s clock was set back. Wait until it has caught up.',
    BadSource: 'Check that the wallet holds the amount and that its account is not frozen.',
    VaultAccountFrozen: 'Ask the asset\u2019s issuer to thaw the vault\u2019s account; everything else goes on without it.',
    ProtocolShares: 'Deposit shares of a security by the action for shares.',
    RedemptionNotOpen: 'The terms say from when on; the issuer may open it earlier.',
    BadReceiver: 'Ask the asset\u2019s issuer to thaw your account, and collect this asset later. The others do not wait.',
    TooLittleArrived: 'Somebody else collected in between. Look at the new quote and try again.',
    NothingVested: 'Wait until more has vested.',
    DeadlinePassed: 'The milestone\u2019s time is over; its shares are free again.',
    HookSet: 'The asset\u2019s issuer has set a program that decides about transfers; deposits wait until it is gone.',
    Overflow: 'Choose a smaller amount.',
    InvariantBroken: 'This is a defect of the program. Do not try again; please report it.',
};

/** Errors of the token programs by number, as far as holders meet them. */
const TOKEN_ERRORS: Readonly<Record<number, Failure>> = {
    1: { sentence: 'The token account does not hold enough.', remedy: 'Choose a smaller amount.' },
    3: { sentence: 'The account is of another mint.' },
    4: { sentence: 'The token account belongs to somebody else.' },
    17: {
        sentence: 'The token account is frozen.',
        remedy: 'Registered shares look frozen to wallets on purpose; other tokens wait for their issuer to thaw the account.',
    },
    67: { sentence: 'The asset\u2019s issuer has paused all transfers.', remedy: 'Everything else goes on; try this asset later.' },
};

const NETWORK_ERRORS: Readonly<Record<string, Failure>> = {
    AccountNotFound: { sentence: 'This wallet has no SOL on this network.', remedy: 'Send it some for fees and rent, then try again.' },
    InsufficientFundsForFee: { sentence: 'This wallet has too little SOL for the fee.', remedy: 'Send it some SOL, then try again.' },
    InsufficientFundsForRent: { sentence: 'This wallet has too little SOL for the rent.', remedy: 'Send it some SOL, then try again.' },
    BlockhashNotFound: { sentence: 'The transaction is too old for the network.', remedy: 'Try again: it will be made anew.' },
    AlreadyProcessed: { sentence: 'The network has this transaction already.', remedy: 'Look at the page: it may have happened.' },
    ProgramAccountNotFound: { sentence: 'The Upside program is not on this network.', remedy: 'Choose another network in the settings.' },
};

function ofCustomCode(code: number): Failure {
    const known = PROGRAM_ERRORS[code];
    if (known) {
        const remedy = REMEDIES[known.name];
        return { sentence: `${known.sentence}.`, ...(remedy ? { remedy } : {}), detail: `${known.name}, code ${code}` };
    }
    const token = TOKEN_ERRORS[code];
    if (token) return { ...token, detail: `token program, code ${code}` };
    return { sentence: 'A program refused the transaction.', detail: `code ${code}` };
}

/** The failure behind `err` of a simulation or a status. */
export function ofTransactionError(err: unknown): Failure {
    if (typeof err === 'string') return NETWORK_ERRORS[err] ?? { sentence: 'The network refused the transaction.', detail: err };
    if (typeof err === 'object' && err !== null) {
        if ('InstructionError' in err) {
            const [, reason] = err.InstructionError as [number | bigint, unknown];
            if (typeof reason === 'object' && reason !== null && 'Custom' in reason) return ofCustomCode(Number(reason.Custom));
            const text = String(reason);
            if (text === 'InsufficientFunds') return NETWORK_ERRORS.InsufficientFundsForRent!;
            return { sentence: 'A program refused the transaction.', detail: text };
        }
        const name = Object.keys(err)[0] ?? '';
        if (NETWORK_ERRORS[name]) return NETWORK_ERRORS[name];
        return { sentence: 'The network refused the transaction.', detail: name };
    }
    return { sentence: 'The network refused the transaction.' };
}

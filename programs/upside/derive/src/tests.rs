//! What is refused when a program is compiled, and that what is taken becomes a table.

use syn::parse_quote;

use super::{generate, ItemStruct};

fn written(item: &ItemStruct) -> String {
    generate(item).expect("a struct that tables can hold").to_string()
}

fn refusal(item: &ItemStruct) -> String {
    generate(item).expect_err("nothing that tables can hold").to_string()
}

#[test]
fn constraints_become_a_table_and_no_code_of_the_framework_checks_them() {
    let written = written(&parse_quote! {
        pub struct Example<'info> {
            #[account(mut)]
            pub issuer: Signer<'info>,
            #[account(mut, has_one = issuer @ Wrong::Issuer)]
            pub security: AccountLoader<'info, Security>,
            /// CHECK: nothing is asked of it.
            pub anything: UncheckedAccount<'info>,
            pub system_program: Option<Program<'info, System>>,
        }
    });
    assert_eq!(written.matches("checked :: Rule {").count(), 3, "{written}");
    assert_eq!(written.matches("checked :: Check {").count(), 1, "{written}");
    assert!(
        written.contains(r#"names : & ["issuer" , "security" , "anything" , "system_program"]"#),
        "{written}"
    );
    assert!(written.contains("Ours (Wrong :: Issuer)"), "{written}");
    assert!(
        !written.contains("with_account_name") && !written.contains("is_writable"),
        "{written}"
    );
    // What clients and callers use is the framework's.
    assert!(written.contains("__client_accounts_example") && written.contains("__cpi_client_accounts_example"));
}

#[test]
fn what_a_table_cannot_hold_is_refused() {
    let only_these = "only the constraints mut, has_one, address, and seeds with bump are loaded by table";
    let cases: [(ItemStruct, &str); 9] = [
        (
            parse_quote!(
                struct A<'info> {
                    #[account(signer)]
                    pub a: UncheckedAccount<'info>,
                }
            ),
            only_these,
        ),
        (
            parse_quote!(
                struct A<'info> {
                    #[account(executable)]
                    pub a: UncheckedAccount<'info>,
                }
            ),
            only_these,
        ),
        (
            parse_quote!(
                struct A<'info> {
                    #[account(constraint = true)]
                    pub a: UncheckedAccount<'info>,
                }
            ),
            only_these,
        ),
        (
            parse_quote!(
                struct A<'info> {
                    #[account(owner = ID)]
                    pub a: UncheckedAccount<'info>,
                }
            ),
            only_these,
        ),
        (
            parse_quote!(
                struct A<'info> {
                    pub a: Account<'info, Security>,
                }
            ),
            "only UncheckedAccount, Signer, Program and AccountLoader are loaded by table",
        ),
        (
            parse_quote!(
                struct A<'info> {
                    #[account(mut @ Wrong::Thing)]
                    pub a: UncheckedAccount<'info>,
                }
            ),
            "`mut` has no error of its own",
        ),
        (
            parse_quote!(
                struct A<'info> {
                    #[account(has_one = other)]
                    pub a: AccountLoader<'info, Security>,
                    /// CHECK: optional.
                    pub other: Option<UncheckedAccount<'info>>,
                }
            ),
            "`has_one` names an account of this struct that is not optional",
        ),
        (
            parse_quote!(
                struct A<'info> {
                    /// CHECK: its bump is given.
                    #[account(seeds = [b"a"], bump = 3)]
                    pub a: UncheckedAccount<'info>,
                }
            ),
            "`seeds` belongs to an account that is not optional, of this program, with `bump` to be found",
        ),
        (
            parse_quote!(
                struct A<'info> {
                    pub group: Others<'info>,
                }
            ),
            "a group of accounts cannot be loaded by table",
        ),
    ];
    for (item, reason) in cases {
        assert_eq!(refusal(&item), reason);
    }
}

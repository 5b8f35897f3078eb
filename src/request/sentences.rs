//! Where sentences end: what Unicode says about full stops, less the full stops of abbreviations.
//!
//! Nobody says in which language a text is, so that one table serves all. A place that is not taken for an end only
//! makes a longer stretch that stays together; a place that is taken for one wrongly is heard. So it errs to the first
//! side.

use unicode_segmentation::UnicodeSegmentation;

/// Words that a full stop shortens, by groups of languages. Written as they are in the middle of a sentence.
const ABBREVIATIONS: &[&[&str]] = &[
    // English, and titles that many languages share.
    &[
        "Mr", "Mrs", "Ms", "Mx", "Messrs", "Dr", "Drs", "Prof", "Rev", "Hon", "Sr", "Jr", "St", "Mt", "Ft", "Gen",
        "Col", "Capt", "Cmdr", "Lt", "Sgt", "Maj", "Gov", "Sen", "Rep", "Pres", "Esq", "vs", "etc", "approx", "Dept",
        "dept", "Inc", "Ltd", "Co", "Corp", "Bros", "Ave", "Blvd", "Rd", "cf", "ca", "viz", "al", "ibid", "Jan", "Feb",
        "Apr", "Aug", "Sept", "Oct", "Nov", "Dec",
    ],
    // German and Dutch.
    &[
        "bzw", "usw", "usf", "vgl", "Hr", "Hrn", "Fr", "Frl", "Str", "Dipl", "Ing", "evtl", "ggf", "inkl", "exkl",
        "max", "min", "Mio", "Mrd", "Tsd", "sog", "Chr", "geb", "gest", "Jh", "Okt", "Dez", "Abs", "allg", "bes",
        "d.h", "dgl", "insb", "jew", "mind", "österr", "schweiz", "u.a", "urspr", "zw", "dhr", "mevr", "mw", "bijv",
        "enz", "blz",
    ],
    // French, Spanish, Portuguese, Italian and Romanian.
    &[
        "MM", "Mme", "Mmes", "Mlle", "Mgr", "Me", "Pr", "Ste", "av", "apr", "env", "ex", "c.-à-d", "janv", "févr",
        "juill", "Sra", "Srta", "Sres", "Dra", "Dña", "Ud", "Uds", "Vd", "Vds", "Lic", "Arq", "ej", "aprox", "EE",
        "UU", "FF", "AA", "Profa", "Exmo", "Exma", "Av", "Sto", "Sta", "Sig", "Sigg", "Dott", "Avv", "Egr", "Gent",
        "ecc", "dl", "dna",
    ],
    // The north and the middle of Europe, and Turkish.
    &[
        "bl.a", "dvs", "f.eks", "osv", "ca", "jf", "t.ex", "np", "itd", "itp", "tzn", "tj", "tzw", "ok", "ul", "al",
        "godz", "hab", "inż", "mgr", "ks", "św", "např", "tzv", "atd", "resp", "mj", "pl", "kb", "stb", "ún", "ill",
        "Doç", "Sn", "vb", "örn", "bkz", "Öğr", "Gör",
    ],
    // Cyrillic and Greek.
    &[
        "гг",
        "ул",
        "им",
        "др",
        "пр",
        "см",
        "ср",
        "тыс",
        "млн",
        "млрд",
        "проф",
        "акад",
        "напр",
        "руб",
        "коп",
        "обл",
        "просп",
        "пер",
        "тов",
        "гр",
        "ред",
        "изд",
        "вул",
        "тис",
        "κα",
        "δηλ",
        "κλπ",
        "κτλ",
        "βλ",
        "αγ",
    ],
    // The south and the east of Asia.
    &[
        "डॉ",
        "प्रो",
        "पं",
        "कु",
        "रु",
        "मि",
        "डा",
        "ডা",
        "ডঃ",
        "ড",
        "মো",
        "திரு",
        "Jl",
        "Bpk",
        "Tn",
        "Ny",
        "dll",
        "dsb",
        "dst",
        "TP",
        "Tp",
        "Th",
        "ThS",
        "TS",
        "GS",
        "PGS",
        "BS",
        "ดร",
        "นพ",
    ],
];

/// Words that a full stop shortens where a number follows: elsewhere they are whole words.
const BEFORE_NUMBERS: &[&str] = &[
    "No", "Nos", "no", "Nr", "nr", "Nrn", "Fig", "fig", "Figs", "Abb", "Vol", "vol", "Bd", "Bde", "Kap", "Ch", "ch",
    "Chap", "Sec", "sec", "Art", "art", "Ziff", "Anm", "pp", "Pp", "pag", "pág", "págs", "núm", "núms", "Tab", "Ex",
    "op", "Op", "Ps", "стр", "рис", "табл", "гл", "св", "kl", "str", "obr", "č", "pkt", "poz", "St", "Mk", "Lk", "Joh",
    "Mos",
];

/// So many bytes before a full stop are looked at.
const LONGEST_ABBREVIATION: usize = 100;

/// The bytes at which a sentence ends and another one begins.
pub(super) fn ends(text: &str) -> impl Iterator<Item = usize> {
    let places = text.split_sentence_bound_indices().map(|(at, _)| before_opening(text, at)).filter(|at| *at > 0);
    places.filter(|at| is_end(&text[..*at], &text[*at..]))
}

/// Unicode puts a quote that opens where no space is written to the sentence before it.
fn before_opening(text: &str, at: usize) -> usize {
    let opens = |c: char| matches!(c, '「' | '『' | '（' | '《' | '〈' | '【' | '“' | '‘');
    let is_followed = text[at..].chars().next().is_some_and(|c| !c.is_whitespace());
    if is_followed { text[..at].trim_end_matches(opens).len() } else { at }
}

/// Whether a place between two sentences of Unicode is one for those who read aloud.
fn is_end(before: &str, after: &str) -> bool {
    let said = before.trim_end();
    let gap = &before[said.len()..];
    if gap.matches('\n').count() > 1 || gap.contains(['\u{2028}', '\u{2029}', '\u{0c}']) {
        return true;
    }
    let next = after.chars().next();
    if next.is_none_or(char::is_whitespace) {
        // Blanks belong to what stands before them.
        return false;
    }
    let core = said.trim_end_matches(is_closing);
    let Some(last) = core.chars().next_back() else { return true };
    if gap.contains(['\n', '\r']) && !is_terminal(last) {
        // A line that was broken to fit, or one of a poem: both go on.
        return false;
    }
    if next.is_some_and(char::is_lowercase) {
        return false;
    }
    if last != '.' || core.len() < said.len() {
        return true;
    }
    // Where no spaces are written, the words before reach back to the beginning of the text.
    let near = core.len().saturating_sub(LONGEST_ABBREVIATION);
    let near = (near..core.len()).find(|at| core.is_char_boundary(*at)).unwrap_or(near);
    let mut words = core[near..core.len() - 1].rsplit(char::is_whitespace);
    let shortened = words.next().unwrap_or_default().trim_start_matches(is_opening);
    // `Nr. 7.` is no seventh thing.
    let is_counted =
        words.next().and_then(|word| word.strip_suffix('.')).is_some_and(|word| BEFORE_NUMBERS.contains(&word));
    is_counted || !is_shortened(shortened, after)
}

/// Whether a full stop behind a word belongs to the word.
fn is_shortened(word: &str, after: &str) -> bool {
    if word.is_empty() || word.ends_with('.') {
        // The end of an ellipsis.
        return false;
    }
    let mut chars = word.chars().filter(|c| !is_mark(*c));
    let is_letter = chars.next().is_some_and(|c| c.is_alphabetic() && !is_ideograph(c)) && chars.next().is_none();
    // `3. Mai`, and the number of an item.
    let is_ordinal = word.len() <= 3 && word.bytes().all(|b| b.is_ascii_digit());
    let is_roman = word.chars().all(|c| matches!(c, 'I' | 'V' | 'X' | 'L' | 'C' | 'D' | 'M'));
    // `e.g`, `U.S`, `Ph.D`, `т.е`, and `J.R.R`.
    let is_dotted = word.contains('.')
        && word.split(['.', '-', '\u{a0}']).all(|part| {
            part.chars().all(|c| c.is_lowercase() || c.is_uppercase()) && (1..=3).contains(&part.chars().count())
        });
    // `dt.-frz`: the last part tells.
    let last = word.rsplit(['-', '/', '(', '’', '\'']).next().unwrap_or(word);
    let is_number = after.chars().next().is_some_and(char::is_numeric);
    is_letter
        || is_ordinal
        || is_roman
        || is_dotted
        || ABBREVIATIONS.iter().any(|group| group.contains(&word) || group.contains(&last))
        || (is_number && BEFORE_NUMBERS.contains(&last))
}

/// Signs that are words of their own.
fn is_ideograph(c: char) -> bool {
    c >= '\u{2e80}'
}

/// Signs that belong to the letter before them.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

fn is_terminal(c: char) -> bool {
    matches!(
        c,
        '.' | '!'
            | '?'
            | '…'
            | ':'
            | '。'
            | '！'
            | '？'
            | '．'
            | '｡'
            | '؟'
            | '۔'
            | '।'
            | '॥'
            | '։'
            | '።'
            | '፧'
            | '။'
            | '។'
    )
}

fn is_closing(c: char) -> bool {
    matches!(
        c,
        '"' | '\'' | '”' | '’' | '“' | '»' | '«' | '›' | '‹' | ')' | ']' | '}' | '」' | '』' | '）' | '】' | '》'
    )
}

fn is_opening(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '“'
            | '„'
            | '‘'
            | '‚'
            | '«'
            | '»'
            | '‹'
            | '›'
            | '('
            | '['
            | '{'
            | '¿'
            | '¡'
            | '「'
            | '『'
            | '（'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A text with `|` where sentences end.
    fn marked(text: &str) -> String {
        let mut marked = String::new();
        let mut start = 0;
        for end in ends(text) {
            marked += &text[start..end];
            marked.push('|');
            start = end;
        }
        marked + &text[start..]
    }

    fn check(table: &[&str]) {
        for expected in table {
            assert_eq!(marked(&expected.replace('|', "")), *expected);
        }
    }

    #[test]
    fn abbreviations_do_not_end_a_sentence() {
        check(&[
            // English.
            "Mr. Hale met Mrs. Low and Dr. Finch at St. Mary's. |Nobody spoke.",
            "J. R. R. Tolkien and J.R.R. Martin met. |They shook hands.",
            "Bring fruit, e.g. Apples or i.e. Pears. |Thanks.",
            "The U.S. Navy came at 5 p.m. Then it left. |It rained.",
            "He has a Ph.D. Nobody asked. |Well.",
            "See No. 5, Fig. 3 and Vol. 2. |No. |Really?",
            "It costs 3.14 dollars. |Or 2.50.",
            "(Prof. Lamb knows.) |We do not.",
            // German.
            "Wir kommen z. B. Montag, d. h. Morgen. |Gut.",
            "Am 3. Mai und am 12. Oktober regnet es. |Am 4. nicht.",
            "Ludwig XIV. war da. |Karl auch.",
            "Das war um 500 v. Chr. in Rom, bzw. Athen, vgl. Abb. 3. |Ende.",
            "Hr. Dr. Klein wohnt in der Langen Str. Nr. 7. |Er schläft.",
            "Der 100. Geburtstag kam. |Alle sangen.",
            // French, Spanish, Portuguese, Italian.
            "M. Dupont et Mme. Roux arrivent, p. ex. Lundi. |Voilà.",
            "El Sr. Ruiz y la Dra. Paz viven en EE. UU. Son felices. |¿Y tú?",
            "O Exmo. Sr. Prof. Dias chegou. |Que bom!",
            "Il Sig. Rossi e il Dott. Verdi parlano. |Poi tacciono.",
            // Polish, Czech, Turkish, Russian, Greek.
            "Jest np. Kraków i św. Anna. |Dobrze.",
            "Dr. Ayşe ve Prof. Demir geldi. |Güzel.",
            "Живёт на ул. Ленина, т.е. В центре, с проф. Ивановым. |Хорошо.",
            "А. С. Пушкин писал. |Мы читаем.",
            // Hindi, Arabic, Vietnamese.
            "डॉ. शर्मा और पं. नेहरू आए। |सब चुप थे।",
            "وصل د. أحمد اليوم. |ثم جلس.",
            "TP. Hồ Chí Minh rất đông. |Vui quá!",
        ]);
    }

    #[test]
    fn every_script_ends_its_sentences_its_own_way() {
        check(&[
            "今日は。|明日も！|「本当？」|はい。",
            "请坐。|你好吗？|他说：“好。”|“走吧。”|（他走了。）",
            "हाँ। |नहीं॥ |क्यों? |ठीक।",
            "كيف حالك؟ |بخير! |شكرا.",
            "کیا حال ہے؟ |ٹھیک ہے۔ |شکریہ۔",
            "Ինչպե՞ս ես։ |Լավ։",
            "ሰላም። |እንዴት ነህ፧ |ደህና።",
        ]);
    }

    #[test]
    fn quotes_and_dots_end_one_only_where_a_new_one_begins() {
        check(&[
            "“Stop.” |He did.",
            "“Wait!” she said. |“Why?” he asked.",
            "„Halt!“, rief sie. |»Nein.« |Er ging.",
            "Well... yes. |And then... |Nothing.",
            "So … and so. |Done?! |Done.",
            "(It rained.) |She left.",
        ]);
    }

    #[test]
    fn a_broken_line_goes_on_and_an_empty_line_ends() {
        check(&[
            "The ferry is\nlate, says Mr.\nHale. |Nobody\nminds.",
            "A title\n\n|A text\r\nof two lines.\r\n\r\n|Mr.\n\n|Hale.",
            "Die alte\nFähre kommt.\n|Gut.",
        ]);
    }

    #[test]
    fn a_text_without_spaces_takes_no_time_that_grows_with_its_square() {
        let text = "好好.".repeat(200_000);
        assert_eq!(ends(&text).count(), 199_999);
    }

    proptest! {
        #[test]
        fn ends_stand_in_order_inside_the_text(text in "(\\PC|[ .,。？!\n\r\"“”]|Mr|3|डॉ|a|B){0,60}") {
            let ends: Vec<usize> = ends(&text).collect();
            prop_assert!(ends.is_sorted() && ends.iter().all(|at| text.is_char_boundary(*at)));
            prop_assert!(ends.iter().all(|at| !text[..*at].trim().is_empty() || text.starts_with(char::is_whitespace)));
        }
    }
}

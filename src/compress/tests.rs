//! What is packed comes back, what others have packed is read in whatever pieces it comes, and what
//! is wrong is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use proptest::prelude::*;

use super::{Error, Format, PIECE, Unpacker, pack, unpack};

const MAX: usize = 1 << 20;

fn line(i: u32) -> String {
    format!("{i} times {} is {}\n", i * 7, i * i * 7)
}

fn text() -> Vec<u8> {
    (0..400).map(line).collect::<String>().into_bytes()
}

/// Runs of all lengths, and more than one block of 100,000 bytes.
fn runs() -> Vec<u8> {
    let runs = (0..260).flat_map(|i: usize| vec![(i % 3).to_le_bytes()[0]; i * 5]);
    runs.chain(b"ab".repeat(90_000)).collect()
}

fn decoded(base64: &str) -> Vec<u8> {
    BASE64.decode(base64).unwrap()
}

/// What others have packed, and what is in it.
fn files() -> Vec<(Format, Vec<u8>, Vec<u8>)> {
    let hello = b"hello hello hello\n".to_vec();
    vec![
        (Format::Gzip, decoded(SHORT), hello.clone()),
        (Format::Gzip, decoded(LONG), text()),
        (Format::Gzip, [decoded(SHORT), decoded(LONG)].concat(), [hello, text()].concat()),
        (Format::Bzip2, decoded(BZIP2_LONG), text()),
        (Format::Bzip2, decoded(BZIP2_RUNS), runs()),
        (
            Format::Bzip2,
            [decoded(BZIP2_LONG), decoded(BZIP2_EMPTY), decoded(BZIP2_RUNS)].concat(),
            [text(), runs()].concat(),
        ),
    ]
}

fn in_pieces(format: Format, file: &[u8], size: usize) -> Result<Vec<u8>, Error> {
    let mut unpacker = Unpacker::new(format, MAX as u64);
    let mut whole = Vec::new();
    for piece in file.chunks(size) {
        unpacker.push(piece);
        while let Some(bytes) = unpacker.piece()? {
            whole.extend(bytes);
        }
    }
    unpacker.end()?;
    Ok(whole)
}

#[test]
fn what_is_packed_comes_back() {
    for length in [0, 1, 0xffff, 0x10000, 200_000] {
        let data: Vec<u8> = (0..length).map(|i: u32| i.to_le_bytes()[1]).collect();
        assert_eq!(unpack(Format::Gzip, &pack(&data), MAX).as_ref(), Ok(&data), "{length} bytes");
    }
}

#[test]
fn compressed_files_are_read_in_whatever_pieces() {
    for (format, file, data) in files() {
        for size in [1, 7, file.len()] {
            assert!(in_pieces(format, &file, size) == Ok(data.clone()), "{format:?} by {size}");
        }
    }
}

#[test]
fn a_head_may_have_names_and_more() {
    let plain = pack(b"text");
    let more = b"\x02\0xyname\0comment\0cc";
    let file = [&plain[..3], &[2 | 4 | 8 | 16], &plain[4..10], more, &plain[10..]].concat();
    assert_eq!(unpack(Format::Gzip, &file, MAX), Ok(b"text".to_vec()));
}

#[test]
fn what_is_cut_off_is_damaged() {
    let cut = [pack(b"text"), decoded(SHORT)];
    for (format, file) in cut.iter().map(|file| (Format::Gzip, file)) {
        for length in 1..file.len() {
            assert_eq!(unpack(format, &file[..length], MAX), Err(Error::Damaged), "{length}");
        }
    }
    let file = decoded(BZIP2_LONG);
    for length in (1..file.len()).step_by(17) {
        let cut = unpack(Format::Bzip2, &file[..length], MAX);
        assert_eq!(cut, Err(Error::Damaged), "{length}");
    }
}

#[test]
fn there_is_a_bound() {
    for (format, file, data) in files() {
        assert_eq!(unpack(format, &file, data.len()).map(|d| d.len()), Ok(data.len()));
        assert_eq!(unpack(format, &file, data.len() - 1), Err(Error::TooLarge));
    }
}

#[test]
fn what_never_comes_to_its_end_is_not_kept() {
    // A name, and the number of a block's first code.
    let gzip = b"\x1f\x8b\x08\x08\0\0\0\0\0\0".as_slice();
    let bzip2 = b"BZh91AY&SYsum!\0\0\0\0\0\x7f".as_slice();
    for (format, head) in [(Format::Gzip, gzip), (Format::Bzip2, bzip2)] {
        let mut file = head.to_vec();
        file.resize(5 * PIECE, 0xff);
        assert_eq!(in_pieces(format, &file[..4 * PIECE], PIECE), Err(Error::Damaged));
        let mut unpacker = Unpacker::new(format, MAX as u64);
        let ends = |piece: &[u8]| {
            unpacker.push(piece);
            unpacker.piece() == Err(Error::Damaged)
        };
        assert_eq!(file.chunks(PIECE).position(ends), Some(4), "{format:?}");
    }
}

#[test]
fn a_large_file_comes_out_in_small_pieces() {
    let mut unpacker = Unpacker::new(Format::Gzip, u64::MAX);
    unpacker.push(&pack(&vec![7; 1 << 20]));
    let mut total = 0;
    while let Some(piece) = unpacker.piece().unwrap() {
        assert!(piece.len() <= 128 << 10, "{}", piece.len());
        total += piece.len();
    }
    assert_eq!((total, unpacker.end()), (1 << 20, Ok(())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), size in 1_usize..9) {
        for (format, head) in [(Format::Gzip, &decoded(LONG)), (Format::Bzip2, &decoded(BZIP2_LONG))] {
            let _ = in_pieces(format, &bytes, size);
            let _ = in_pieces(format, &[&head[..head.len() / 4], &bytes].concat(), 64);
        }
    }

    #[test]
    fn a_turned_bit_never_goes_unseen(at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        for (format, mut file, data) in files().into_iter().take(4) {
            let at = at.index(file.len());
            file[at] ^= 1_u8 << bit;
            let got = unpack(format, &file, MAX);
            // Times, names and systems in a head mean nothing to us.
            prop_assert!(got.is_err() || got == Ok(data), "{format:?} {at}");
        }
    }
}

/// With the code that needs no words.
const SHORT: &str = "H4sIAAAAAAACA8tIzcnJV8hAkFwAO3yK3xIAAAA=";

/// With codes of its own.
const LONG: &str = "\
    H4sIAAAAAAACA02aPbYlKQ6E/buKWgIgQLCgMdoYq2f/ZyIUpFROny64mUmAfj6k1/7875///uffP+3PP/jPr79/Ov\
    /pv/H+2Sf/Pc7P3sDoHNj2m9/A4UDv47feiK0Y8fXbb2SOeMsaP/9GLkds2u+8kbU5Muf53TeyjSNr+6+3b3WxWm9Y\
    by44VnwmfvUt+sSie2vn1791365lHvv1b+lXSzcfv/4tvjetfmH5/Vs/1EnSxS89B0PDaAOv/FT0ETLG2Pj2J6SbPf\
    3Y2JY727S1EDN6DoYaawe/zDNYocfsnN/49PQdgsyb/cbMwVA0m43fSEUeiqZB0UhFJxRN5y9T0QlFq/OdqeiGojX5\
    9U/RaDqbg3VaS9Nosg0osp6DoWg7tNunaIxQ5Fjvz9KyLBT5xn5aWpeFotOw8/YpGjMUHZ6RfYqwuxy8DadpnoOh6C\
    4cu32Kxt6yjw4DsZTkptENU5qp6bRn3hA1U9RxjTqMc6aqK7sbBiOenyxrsjzMwmlmjj7bW3CKmZ7TZXyTzjM/ZTZk\
    ffPAyabn6JWhTjrjp81M2naHz85PG/xMo6f5b7X00/YcFdpWz1FpO4O//bTZlrZz8d6V2lza7sYaVmrzI8eYDAqp7Y\
    S20altpbar0NAv9mGltivXGo49W5+22eRbBlv8rU/b7HKuaTiL3TLitOdy0LZ7joa2sRvOeH/apinI7Qt72J+2OUPb\
    cIft7Jmj0nZg0L/9aZtL2i4tcmfU20POPGG8OyPfVujrE3a+U5uHNhsGl9ip7Zg83+A9ntpue8ET2jy1XYWOBeP8+a\
    dtNcWOPeC+/mlb/QUPg6f7zNHQZgef+/mnbY3QZpfxwz9tyxQ/2uRvPUdD2+yL783IPhXax+IaPm1rmcLSxnpPyyzQ\
    XhqAttNzNLTNdbEPJ7X5VAxr2LOT2k5om2dgf09qO4qMFwb3O6nthrbVeG7n07bbUBh0nPHxHFVwHBf2cD5tu7/oOG\
    A7JzPXUHhcE3Z2W+az9hIatN2eo6Ft+YX93k/bnqENgpkQP217Kfu2Bb+4M0dD2+4HPnQ/bXsvRWP6201tHtr2XPDN\
    m9o8tOFF8OOb2s5+oRs+f1PbDW2YbEzMlZm/1Mzk3DI7NwEFsh1//clzcYWPg1cj3XzDogufA+vobeZwCPTlWDQT9B\
    sWaLhTIeL2Nyza8LMXf+05fJVJ+uS7P5Eu7jh9T67kU+mCj2Od+FH8IQABbQSCFIMIQvYghiSHuEDk+CGJJIq4WORc\
    I4wkjbhw5LZLHkkgOQKSO4JIEkmOkOTOTiZJKDn9S3ikksSSIyy5PsklCSZHYHJvH8SnlvzUPoCizKSTIzrBMc7D3y\
    dvrQdcs8PDezLKEaPgxC7iQU9MOcIUnM1G9OhJKkekglNgrOkJK0ewgv3u8fsUK17Bhuv9qVbIgq3dsZ5P7hW1dJ41\
    1p/gcnv74JB6k12u2AUbE/uT+HLHS/RIfETMZEx7qd5i9xNiriAGQjcPKznmimPw8jjbRJkrlCEy0BSSZq5oBgsMy0\
    mguQ9okCcCeVPvQxrkBNplQs19UAPwpd7Emvuwxm5YfYLNfWAzsaN4f6INDESCp4VTJd3QcjSxOp1wFl1/hCOnTcaB\
    TT3IuYNOnpiDicc5PYJCkg6ihlQvpCuuKmm7PdpB+GXQSd6BHbaP7ak7kQcTEr5uBLWkHsLgwynnN1Ypf+SzjSGzr1\
    Iu+Ol7N+pYpVz8AwYL5auU33e5aMa9WqVcFIRPM9z35KDeBULdp/M8EoXoH5rYTCY9aYj4+l1gqDyBqPfxaK8zVfVk\
    ot7tAR9uGPhGYlHv4iIkGybCnmRE29DEGbTahKPeRUf9Nl2q6lYlQEIEO/SLXTcrMRKhkI60S7kwqV+Eba6qlIuU+r\
    1EhO6lXLDEWxqVeykXL4FSCSA9iQlbJRxsEI5vJDTB3UWE7RJvenITJs5D28v4lOiECPmYNy5fPekJEeJh7z7xhNfE\
    fTxs8Y26V853scQYV5XKhzgKVyqCX0+Sgru07ypK5QlTmJDycYmV/ZRyARUuYoe7e0q5mAoXmxmX3VIurAK1Xp7gKe\
    UiK8iJM0+2QtCV8gkhfMJrQsphh7SrJCxEOymHsdMST92qx7tWN+J8T85CHPzgP9J0ohYmpBzsSf9I2oKxS/k6jR6V\
    wIXQ2d+NgVeRnsyFCSnfNum1iV2I4lK+d/j5LeVCLxzHZWS4pVz0NXAdZiy5pVwAhmOZjD63lIvBcDfhJW20v2oKWV\
    RgWaFVXUEcRt6KJ6q+81V4Fq4Iv5Eohugv5efwgjkSxjAh5RcnMzCRyqe9W1BcX0cCGUKLlF9vi094TUg5vHbyG6l8\
    ispgLGdyVal8issMoQQnOHopF5mxchIFlb8qKroXMevziVIuOkPq2rCr0Uu5+IzgDEscvZSL0AyaYbujakZLjAaDpL\
    WPqhstUZqNDZL/jaodLXEaLvEsd4yqHy2RGnLa3lxVKl/27oKLpZRRdaQlWmN5iMqrlrReMYlUxieqnvQKSth+FnWq\
    prReUWmeKAFVXWmJ2OANgwWjqi0tIRuu5FFeqvrSErNxQ+KJUi5oM3hUfKOUi9oMKTVWlcq3sA0uG2WxxDaksfbVwK\
    g8uY3p+t1vo+SW4IaEI+UwHu6uVTVN6GbYQp6HVUXNvkvx4Akmu8GapBzXDCpPeEPik/IDnOITXhP33aRZhRyJb3B7\
    Kb970RKtlAvg7F7WN8cs5SI4FvqofJZyIdxsm3XTMUu5GG4CKuhRxXAuhpsIjvTBYjgXw02sgl5bDOdiOFx5w8+L4V\
    wMhxyxGRmK4VwMNxGPGUuK4VwMN+HPjD7FcD5fdQARDTqK4VwMR3Oj8mI4F8PN2fVEKncx3JwzvlEM52I41hq4qmI4\
    F8MBXkNHMZyL4eZaobwYzsVwc53Yq2I4F8NNeDl3txjuiOEmjILnUQx3xHBz3zjBYrgjhmPJlsqL4Y4YbsKkaSXFcE\
    cMB31hV8VwZ74ayQxLLIY7Yjhcj8J2i+GOGA6hMay9GO6I4SZQjf5RDHfEcPPe8KhiuCOGW22EDxbDHTHcgu3Sa4vh\
    jhiOdWkqL4Y7YriF9MbIUAx3xXCLsIRvFMNdMdwaPaJPMdwVwy2yAUviqfyK4SAvIlwx3BXD8foRT3hNqFJkHlG0GO\
    7OVyxqEXeL4a4YbsEUqaMY7orhWHyn8mK4K4Zb2CnuVTHcFcOttSN/FMNdMdzaLTJOMdwVw609I0cVw91XHdtRaB/J\
    cDA/KcfFhFaSDIcJKfcdmTMZDpFCymH1tMRTfYRXKQNk0HaT4QAi7eswUHkyHCb8VcaCAJLhQCivZLaDGZLhkK1f1a\
    wFZSTDYeK8clpwSTIc0EW1s3bDz28pf+UzBEtGhlvKXwUNgYux5JbyV0QDFDD63FL+6mhkTjZR/uqiZBuFjZRWnRQx\
    HIhzxBOpvIvhkKrIidaqV/e6dXOQLC0ZbnQx3EaUgQ5LhhtdDLdXlOktGW50MdwGOyw+4TXxaoeXhGzJcKOL4faeZG\
    pLhhtdDAf7JIVbL+ViOPaKooX0Vw/pNZGcpG+9lIvhcKfm3cB6KRfD0XTZ+umlXAy3b+P9w5LhxhDDIU9GWykZbgwx\
    3L6HdxxLhhtDDIdAwluRJcONIYbz5rxHWTLcGGI4J0WxHdaqH9a+hhiVJ8ONIYZznhifqA7aehXUxfugJcONIYZjaR\
    /Rx5LheA/UxOSd00YpF8O5Svw2SrkYDud644lSLobzeVZ8o5SL4cB8LVaVyk0MhyTN27ZVz9DEcOz6UXn1DU0M53vz\
    Rm/VO7TXPHRSKSaqf/gaiHgXz+OvHqIYjmVYnmD1EU0Mh7QeZ169RBPDOXIXraT6iSaG8ztZ/bDqKZoYDvme9RKrtq\
    KJ4XCxZIXFqrNoYji2Nqm8mosmhgMIsIpj1V80MdxBCqVHJcPBelRRZmuMzdNZE2qfIg/Qa2d1UMVwx6I9YMlwIMah\
    icP6lSXDYUL1c4QYxpJkODbeXk2cNTJLhgNKSvni7flnyXBAyfb1b6k8GQ4TWUePJ1L5FMMdADG/sUq5GA60wuqgrV\
    IuhjtO18FEKRfDnTNC+SrlYjgkHNYsbZVyMRxsh1VOS4YDlUr5ddZFLRkOVKq6ehsspFoyHNuRX5OaypPhWKqIiU6P\
    x0QqX2I4JCLWdi0ZDv7f1RcYLAZbMhwm1EcA3NB2k+FANuok2FDjvDrnYji4P+vTtqt7Loa7OHN61C7lYrg7nRVw26\
    VcDAegYcncvJSL4diJp3Iv5WK4i7TGyJAMxyatJg6r+JYMhwAn5QhYjD7JcJiQcr/sE1gyHJBYyk/cUi0ZDjYj5efu\
    eMJrQsrh5/GN+tuB+f54oLUey0rpe70/IGgrlCTFIfm2/IMDik+Mw8zrqPCmwWdKvb+eymAXAzMl/7yuCv6Pp3JK/3\
    l9FSQQHuSpDbivs2LRarBiORfL9Qb/prkUzLlgDjMnLKxozvvbg2XsbFnhnA/7Oj5hx8Vzbi3/vIJ7UEDn9vYAN1F6\
    SxGdz7cHvtids0I6X28PTg+fLKbz9fbgbPb/rKDO99ddkucX1bm/PbjODqMV1rm/DhO2lPGluM7P6zEh0TEkFdj5fV\
    2mPhnF/g8HfZ46aCUAAA==";

const BZIP2_LONG: &str = "\
    QlpoOTFBWSZTWeJjk3oABBJZgEAQQAB/4AIiDABgEJwDAAAuo3cB0OQDJu3VLkCQKBro0nYEh3wAARNG0T2qVNAIqn7R\
    k36qSpqDEU/TJoTVSAGp+hIp6aqmgFNMjExMQSeqqCYCYTV+Yoe/fvhzeA5cHKsHLg4rg5cHC4SXBx3CW4OS4S5g47hL\
    cHC4SXBxXBy4OXWxy4ObwHLg5Vg5cHFcHLg4XCS4OO4S3ByXCXMHHcJbg4XCS4OK4OXBxVbHLg5vAcuDlWDlwcVwcuDh\
    cJLg47hLcHJcJcwcdwluDhcJLg4rg5cHC4SXBx3CW4OS4S5g47hLcHC4SXBxXBy4Tv/oiIj8iPy/5z+b3rN691x+5aDq\
    tIEqVXGVKN9SFwCpQacKHendqqUCe2o2w65p3RpwUGVO06NDtDvEJc0gSxqgLlHSp2UdsxrKlAkpYWtzSOCtluulL2g1\
    ZxssZ2tIaNjdDFxbmjQ4WjpxlSg1jRQvsHeKmYEilBy5QaUUVYwu98gTRRxh1zVwJgLAnK6zvOhQbAsSA6aAMQAHUJAY\
    0AdJAWNgUHAcBQbAsSA6aAMQAFoNgY0AdJAWNgUHAcBQbAsSA6aAMQAFBwHAUGwLEgOmgDEABiNAGNAHSQFjYFCfz91E\
    fkRrmezuvRi5vr02CpRZGm3B+79V1bJ94FjYFVVVWNHbri5c6OUByjlY3KOWUtu+PMnNXdUKlasRC27x0n88QMh6cN2U\
    XDBRmDE9yRSTmhOVNvm6GPbnU1EUOc5OYzXHo3bVOxuUEoaVtt5L1sr7dpVSzZP1O6DEBPYElEzbOGGZ2QT9SvLWXsCS\
    nm6tdpOh8QaqZBsnLstOQEKnDgAp7WZG5rM7xiLDKlCCUFGZS+u6AOnttttJJICALdVM5fN+1k63MRM6hnqmuChpBpNv\
    XG9LzHqx6Tue9Pc2c029IEm3W/q/FA2J95FBIGefvc8hy573vMyn6+A8rHo+b4+moBoIX797vNqdkY69Hvfb/ZxcR80N\
    oOnTK+NpACRxsXTe/c5ObDDn2Zdcb4edzMUcnCCMeY6af4kVb1nN9zecl4zXeSBoNY2uN0Z4TECn732cv6cQd29Wvab0\
    E8SIOn77n7ee44Mihim+ramXJciJE6TDE3MgjI8fX2e7oZ+p405IzI+DJJEpOdy85OBoNOfnSrI0baZsfz59YoM1++7z\
    H+xTara5JEOxQI9M05Io2gU5735DlY3FUOVDlQ5aOW6HKhyocsHIVNyhocdTkv2/cRd/ZvPmqsw5atILkStveZf3sQ97\
    3veMaAqqqqIG9W9d2bjU7u/o1t9jSBRvX5v8M5vtuo2CZzLzlyibeu73ao2FPiB5wUPfe5e/ckb8Kj77u+ZycDQfe9b4\
    Ytg3+b+NMTbQLavvdaHHVJz2bv69dzqhq4SPciMasfTZOuEEGcbjX37NmPcm8GAoMQaBVu+zhmajfzauZuZ+/PiDQaTb\
    rfh/mmLHf3Mlf4+ILn7vjO4ntbMjQcy7zNADGLCZZiY/Cgqvb/eEJypt9+393m3f3fxRfvpNjFx9MeklCQmTEAAX73u6\
    Ayqfvddq17EyIwmhdsscCKkXxXKTs9nd5tZIGHxipRFfN14Tb2T6+58hqVDlQnKhyoblRLdDlQ5UMlRJU2SoEOVRx3l+\
    9x7Xs7PfsXsFyzXW9NuC9quszEAPvAQAAkkk25dziRV9pRe+GV7eTs6NbMPza+sgvdnfu/ivJFyWcIXonD3Hz9udqV+l\
    de/PySq7O/Hbo87n3vwmZQowzGBqlU4ceHn++5TOYm45U83tzK2NDNkRPc3u2wxY7ndRQuSRLESD5E46dtOZE55qr3FW\
    OkOWWw5m/2TNnCjBEIfd5N44P9+++sz4/Lo/qmbdR72hA312tmyfffkXDL94wsc0nAyZoE0cAUpZlFuxwl4SJ6p7yNam\
    pida9Xu9yPe192+fQRYZUoMbkozKX2xoAxAH13d3fve9Nazkc8ok994R1XU8JBqa1Vmtj2RLmOO1iq37HqcHxqLRqL6Y\
    rq9ORyj2v0CSoJSqTjtcPK5iaiZyfDYvsvFpuAbpPzHqqIlX3paE+lK6vDCeGwC1RvDcd2K1VLgfBsc6UCSoJKeOR7xr\
    Na7lCmYTXndX11Akqvdm1OIqufA0YnxL8PPaEZE3Yt7XVPmT8FnOZER+Rz01cd+99Piqs62tWkHZNKOVvM6y8JAdNAv6\
    7u7973t6v1Vz1RG+zbI2aHjeyW1t/V50HSjp+TDrNgSVV9vSmmJ6Y5qYq6VzGe9W7F3a0v3UHlgWT4dSqRulOgKsJAVB\
    qlC7LLvHNwoqJ4zjmvCryoSsvZ3phXE3HernS6mroSnWPV3undzbitfqukjVetrpsBblzQo8j86rKQnJ2snJBFwKPqmj\
    p2M9eHM51u5r21tjWHHBanaMrBsCxIXf13d+973Z10a3rFVExe4sHeuHeMC/EmfnAgeUncw1eX3dJHs9G15eUV17AkqM\
    SUm9Dzq+QrmRMoBr0vKpZ7Ioc5N7E0N1YsW+9HXeZU1Oiq4zmean0kAU41dUZXlUXqUCSoJLtlmtqd2IcudUe3Lv1wDl\
    O9509AriRA6ZHu7H9PLbPtgk4VXtNvPVgbo51iBUP0ByocqHNzFLlEOVDlQ5KnKqhyokqBJAUCSoEmA1g1jrazPB7u7l\
    Tsbe+4UIkLoy8vtdG3TbbTbfG3d367sAD2TVbTWwJ8ovaGEKd88qGnmWKzHS8OfvvXyyKidYyrzIEmvX2xqN2uFPgH2Y\
    eoFQnUSvVqU+mWuhmEqtUdVF5mR1u1MSZeexTvRoTGhjTYNDGhMaQx1vYLSiJXndD3rN5MmPZhT92febtCTfH1KiHkut\
    rK4xLjtUJR2+dUvZj7DgwbaYe1y/X7q9msnfOlne+TZKhyoZKiS6HKhyobl0S1CcqHKhqUEOVDitvJ9vuvs15nM6dk6r\
    SDJQUazK4vuwKburd3dW623zfve8FhSm3SuJPk46OC0zU31i4NV2G+3w1jZmRHeWgbpisdPMi7QBqF7sMCSiCVuM5fit\
    9jMCrqVQE+FPGmj73ifT9s52d5NclkBvFASvEmsV0IVew4qdTZ2Jp8IESVEyOnbU9mRfvYOmY6ex3nhNqnfeMzaO8N6K\
    0MLIp+nk7Aenl7Oaj6Z7vnveyKM3mfXcmHaVpGKbF0ueZl9SAsbApd3d/X73vT7vt1We+92XfnsCMEE2G9a9h9ebtR2x\
    m3vegSrd+8hpWrqbyejo2e5EOs9lrlx0yBKYUGMrq7bpTs5D0m7JrhzpJnd1aPCddmI7zQFaUqbFWeMC6O2jl7PPjsXk\
    ypjT4P3mu5dElGV7h67dervWck2x7P2IiNRGv6IiNRb+qtW+6rVvojEQYQjEBgiQRiQxiTFEmKMkEaCMUEYxEQYwYxSY\
    xkiMGIjGMRjGIxgwYo0lGNJjRhMaMRGjGDRREhijSUaKSjRSYmiKMaIxRRkxRjGIxRGTEUYxiKMSYijBiMYkxjBRERiS\
    iIjBREZCIxGDBQmDBiMESRiMEREZCIiCgMhHCq1b8LuSKcKEhxMcm9A=";

/// Blocks of 100,000 bytes.
const BZIP2_RUNS: &str = "\
    QlpoMTFBWSZTWZZ84mAAAgp///EIQhCEIQhCEIQhCHIQhCEIQhCEIQhCEIQhCEIQhCEIQAJ9CiRwwzVSpoAH/+lVQ0AB\
    kAADQYDQGgAA00GgGgDQIqn+qqPUABoAANGgA0AFU1SgAH6UADIA9TE0000abGum5DfhxQtDmh0w7oY4eUPWGEMsk+xJ\
    +ST+EiSJUqVKlSpUqVKlSpUqVKkSJEiRIkSJEiRIkSJEiIiIiIiIiIiKqqqqv+mCBQk71tskl5uLPBL4eLPGSdsO+GOH\
    jD0h7QwhkhmhnhohphqknQWRJEqVKlSpUqVKlSpUqVLUqRIkSJEiRIkSJEiRIliRERERERERESoqqtrWta1uS16hRV1P\
    eGEPiGSGWGaGeH1DRD7hph+Q1Q/Yf0Gu+4vlXyr5V8rFxcXFxcXFxcXFxLtxcTExMTExMTExMTExMTExJtxMYxjGMYxj\
    GMYxNuNtttttttt0WWWSX2jDJJJJJJJJJJJJJJJJ3ICCoqb38IIKipimKYpJJJJJJJJJJJJJJJJJJJJJJJJJJJKokKBh\
    giOGBRJVEiXVVUp/mKCskyms6/Mx7YAo/0CAGAAQABhAJqNACpaAFS4u5IpwoSH2P040";

const BZIP2_EMPTY: &str = "QlpoORdyRThQkAAAAAA=";

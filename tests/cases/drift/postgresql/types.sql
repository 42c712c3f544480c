-- case: enum
-- after
CREATE TYPE mood AS ENUM ('sad', 'ok');
-- expect
-- added enum public.mood

-- case: enum label at the end
-- before
CREATE TYPE mood AS ENUM ('sad', 'ok');
-- after
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
-- expect
-- changed enum public.mood: labels

-- case: enum label in the middle
-- before
CREATE TYPE mood AS ENUM ('sad', 'happy');
-- after
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
-- expect
-- changed enum public.mood: labels

-- case: enum labels in another order
-- before
CREATE TYPE mood AS ENUM ('sad', 'happy');
-- after
CREATE TYPE mood AS ENUM ('happy', 'sad');
-- expect
-- changed enum public.mood: labels

-- case: enum label renamed
-- both
CREATE TYPE mood AS ENUM ('sad', 'happy');
-- after
ALTER TYPE mood RENAME VALUE 'happy' TO 'glad';
-- expect
-- changed enum public.mood: labels

-- case: type comment
-- both
CREATE TYPE mood AS ENUM ('sad', 'happy');
-- after
COMMENT ON TYPE mood IS 'how it goes';
-- expect
-- changed enum public.mood: comment

-- case: domain
-- after
CREATE DOMAIN code AS varchar(8) DEFAULT 'x' NOT NULL CONSTRAINT short CHECK (length(VALUE) < 5);
-- expect
-- added domain public.code

-- case: domain base type
-- before
CREATE DOMAIN code AS varchar(8);
-- after
CREATE DOMAIN code AS varchar(9);
-- expect
-- changed domain public.code: type

-- case: domain default
-- both
CREATE DOMAIN code AS int DEFAULT 1;
-- after
ALTER DOMAIN code SET DEFAULT 2;
-- expect
-- changed domain public.code: default

-- case: domain not null
-- both
CREATE DOMAIN code AS int;
-- after
ALTER DOMAIN code SET NOT NULL;
-- expect
-- changed domain public.code: not_null

-- case: domain check
-- both
CREATE DOMAIN code AS int;
-- before
ALTER DOMAIN code ADD CONSTRAINT good CHECK (VALUE > 1);
-- after
ALTER DOMAIN code ADD CONSTRAINT good CHECK (VALUE > 2);
-- expect
-- changed domain public.code: checks

-- case: domain check not valid
-- both
CREATE DOMAIN code AS int;
-- before
ALTER DOMAIN code ADD CONSTRAINT good CHECK (VALUE > 1);
-- after
ALTER DOMAIN code ADD CONSTRAINT good CHECK (VALUE > 1) NOT VALID;
-- expect
-- changed domain public.code: checks

-- case: domain collation
-- before
CREATE DOMAIN code AS text;
-- after
CREATE DOMAIN code AS text COLLATE "C";
-- expect
-- changed domain public.code: collation

-- case: domain check comment
-- both
CREATE DOMAIN code AS int CONSTRAINT good CHECK (VALUE > 1);
-- after
COMMENT ON CONSTRAINT good ON DOMAIN code IS 'why';
-- expect
-- changed domain public.code: check_comments

-- case: composite type
-- after
CREATE TYPE place AS (street text, number int);
-- expect
-- added composite_type public.place

-- case: composite type attribute
-- both
CREATE TYPE place AS (street text, number int);
-- after
ALTER TYPE place ADD ATTRIBUTE zip text;
-- expect
-- changed composite_type public.place: attributes

-- case: composite type attribute type
-- before
CREATE TYPE place AS (street text, number int);
-- after
CREATE TYPE place AS (street text COLLATE "C", number bigint);
-- expect
-- changed composite_type public.place: attributes

-- case: composite type comments
-- both
CREATE TYPE place AS (street text, number int);
-- after
COMMENT ON COLUMN place.street IS 'with its number';
-- expect
-- changed composite_type public.place: attribute_comments

-- case: range type
-- after
CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = float8mi);
-- expect
-- added range_type public.span

-- case: range type difference
-- before
CREATE TYPE span AS RANGE (subtype = float8);
-- after
CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = float8mi);
-- expect
-- changed range_type public.span: subtype_diff

-- case: range type subtype
-- before
CREATE TYPE span AS RANGE (subtype = text);
-- after
CREATE TYPE span AS RANGE (subtype = text, collation = "C");
-- expect
-- changed range_type public.span: collation

-- case: sequence
-- after
CREATE SEQUENCE s AS integer START 10 INCREMENT 5;
-- expect
-- added sequence public.s

-- case: sequence parameters
-- before
CREATE SEQUENCE s;
-- after
CREATE SEQUENCE s INCREMENT 2 MINVALUE 5 MAXVALUE 900 START 7 CACHE 3 CYCLE;
-- expect
-- changed sequence public.s: options

-- case: sequence type
-- before
CREATE SEQUENCE s;
-- after
CREATE SEQUENCE s AS smallint;
-- expect
-- changed sequence public.s: type

-- case: sequence owner
-- both
CREATE TABLE t (id bigint);
CREATE SEQUENCE s;
-- after
ALTER SEQUENCE s OWNED BY t.id;
-- expect
-- changed sequence public.s: owned_by

-- case: sequence comment
-- both
CREATE SEQUENCE s;
-- after
COMMENT ON SEQUENCE s IS 'numbers';
-- expect
-- changed sequence public.s: comment

-- case: sequence counted on
-- both
CREATE SEQUENCE s;
-- after
SELECT nextval('s'), nextval('s');
-- expect

-- case: collation
-- after
CREATE COLLATION plain (locale = 'C');
-- expect
-- added collation public.plain

-- case: collation locale
-- before
CREATE COLLATION plain (locale = 'C');
-- after
CREATE COLLATION plain (locale = 'POSIX');
-- expect
-- changed collation public.plain: locale

-- case: collation comment
-- both
CREATE COLLATION plain (locale = 'C');
-- after
COMMENT ON COLLATION plain IS 'bytes';
-- expect
-- changed collation public.plain: comment

-- case: cast
-- both
CREATE TYPE place AS (street text, number int);
CREATE FUNCTION said(place) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1).street';
-- after
CREATE CAST (place AS text) WITH FUNCTION said(place);
-- expect
-- added cast public.place.text

-- case: cast context
-- both
CREATE TYPE place AS (street text, number int);
CREATE FUNCTION said(place) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1).street';
-- before
CREATE CAST (place AS text) WITH FUNCTION said(place);
-- after
CREATE CAST (place AS text) WITH FUNCTION said(place) AS ASSIGNMENT;
-- expect
-- changed cast public.place.text: context

-- case: cast function
-- both
CREATE TYPE place AS (street text, number int);
CREATE FUNCTION said(place) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1).street';
-- before
CREATE CAST (place AS text) WITH FUNCTION said(place);
-- after
CREATE CAST (place AS text) WITH INOUT;
-- expect
-- changed cast public.place.text: function, method

-- case: text search configuration
-- after
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
-- expect
-- added text_search_configuration public.words

-- case: text search mapping
-- both
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
-- after
ALTER TEXT SEARCH CONFIGURATION words ALTER MAPPING FOR asciiword WITH english_stem;
-- expect
-- changed text_search_configuration public.words: mappings

-- case: text search dictionary
-- after
CREATE TEXT SEARCH DICTIONARY stems (TEMPLATE = snowball, Language = english);
-- expect
-- added text_search_dictionary public.stems

-- case: text search dictionary options
-- both
CREATE TEXT SEARCH DICTIONARY stems (TEMPLATE = snowball, Language = english);
-- after
ALTER TEXT SEARCH DICTIONARY stems (Language = german);
-- expect
-- changed text_search_dictionary public.stems: options

-- case: text search parser
-- after
CREATE TEXT SEARCH PARSER cut (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
-- expect
-- added text_search_parser public.cut

-- case: text search template
-- after
CREATE TEXT SEARCH TEMPLATE plain (LEXIZE = dsimple_lexize);
-- expect
-- added text_search_template public.plain

-- case: range type operator class
-- before
CREATE TYPE r AS RANGE (SUBTYPE = text);
-- after
CREATE TYPE r AS RANGE (SUBTYPE = text, SUBTYPE_OPCLASS = text_pattern_ops);
-- expect
-- changed range_type public.r: operator_class

-- case: range type's multirange
-- since 14
-- before
CREATE TYPE r AS RANGE (SUBTYPE = int);
-- after
CREATE TYPE r AS RANGE (SUBTYPE = int, MULTIRANGE_TYPE_NAME = several);
-- expect
-- changed range_type public.r: multirange

-- case: sequence unlogged
-- since 15
-- before
CREATE SEQUENCE s;
-- after
CREATE UNLOGGED SEQUENCE s;
-- expect
-- changed sequence public.s: unlogged

-- case: text search configuration parser
-- both
CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
-- before
CREATE TEXT SEARCH CONFIGURATION c (PARSER = "default");
-- after
CREATE TEXT SEARCH CONFIGURATION c (PARSER = p);
-- expect
-- changed text_search_configuration public.c: parser

-- case: text search dictionary template
-- before
CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple);
-- after
CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = ispell, DICTFILE = ispell_sample, AFFFILE = ispell_sample);
-- expect
-- changed text_search_dictionary public.d: options, template

-- case: cast comment
-- both
CREATE TYPE c AS (a int);
CREATE CAST (c AS text) WITH INOUT;
-- after
COMMENT ON CAST (c AS text) IS 'said';
-- expect
-- changed cast public.c.text: comment

-- case: domain comment
-- both
CREATE DOMAIN d AS int;
-- after
COMMENT ON DOMAIN d IS 'said';
-- expect
-- changed domain public.d: comment

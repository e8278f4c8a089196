@product-item/edit-target
Feature: An item edited in Invoiced arrives in Customerp

  Background:
    Given a Customerp Product linked with its Invoiced Item

  @id:property @req:35 @req:38 @req:47 @req:52
  Scenario Outline: <case>
    Given its <counterpart> is <before> on both sides
    When <property> is set to <after> in Invoiced
    And the sync comes to rest
    Then <counterpart> in Customerp is <arrived>
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: suggested in the supplement
      | case                     | property    | counterpart  | before     | after                  | arrived                |
      | name changed             | name        | name         | Site visit | Inspection             | Inspection             |
      | name in other signs      | name        | name         | Site visit | 現地調査 & Überprüfung | 現地調査 & Überprüfung |
      | description changed      | description | description  | Half a day | One day, two people    | One day, two people    |
      | description cleared      | description | description  | Half a day | (nothing)              | (nothing)              |
      | type changed             | type        | category     | service    | product                | product                |
      | type cleared             | type        | category     | service    | (nothing)              | (nothing)              |
      | price raised             | unit_cost   | unitPrice    | 120        | 125.5                  | 125.5                  |
      | price with many decimals | unit_cost   | unitPrice    | 120        | 18.3454321             | 18.3454321             |
      | currency changed         | currency    | currency     | EUR        | nok                    | NOK                    |
      | item archived            | archived    | discontinued | no         | yes                    | yes                    |
      | item taken up again      | archived    | discontinued | yes        | no                     | no                     |
